import Foundation

// Reads cases (see Case) from the standard input and answers each with one line: the id, a tab, and the occurrences that
// overlap its span, separated by blanks: `nominal/start/end`, the last two in seconds since 1970. A case that the
// calendar refuses is answered with an exclamation mark and the reason.
var answers = Answers()
var output = ""
while let line = readLine() {
    output += answers.answer(line[...]) + "\n"
    if output.utf8.count > 1 << 20 {
        FileHandle.standardOutput.write(Data(output.utf8))
        output = ""
    }
}
FileHandle.standardOutput.write(Data(output.utf8))
