import Primitives

// A line is a request. Its time would be that of a clock; here a second passes with every line, and `wait 5` lets five
// more pass, so that the same script is answered in the same way every time.
var rooms = Rooms()
var now = Timestamp(seconds: 0)

while let line = readLine() {
    if line.isEmpty || line.hasPrefix("#") { continue }
    if line == "quit" { break }
    let words = line.split(separator: " ")
    now = now + .seconds(words.first == "wait" ? Int(words.last ?? "") ?? 1 : 1)
    print("> \(line)")
    for answer in rooms.answer(line, at: now) { print(answer) }
}
