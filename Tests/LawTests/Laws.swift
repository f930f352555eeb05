import Foundation

/// What a target may import.
struct ImportLaw {
    let allowed: Set<String>
    /// What single folders may import beyond that, by the start of their paths.
    var exceptions: [String: Set<String>] = [:]

    func breaches(in files: [SourceFile]) -> [String] {
        var breaches: [String] = []
        for file in files {
            var allowed = allowed
            for (folder, more) in exceptions where file.path.hasPrefix(folder) { allowed.formUnion(more) }
            for (number, line) in file.lines.enumerated() {
                if let module = module(importedBy: line), !allowed.contains(module) {
                    breaches.append("\(file.path):\(number + 1): \(line)")
                }
            }
        }
        return breaches
    }

    /// Where a single type is imported, the word that says what it is: that is never allowed.
    private func module(importedBy line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"), words.prefix(keyword).allSatisfy(isModifier),
            keyword + 1 < words.count
        else { return nil }
        return String(words[keyword + 1])
    }

    private func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
    }
}

/// What pure code never calls: clock, chance, tasks, files and environment; each as it would be written.
struct CallLaw {
    static let forbidden = [
        #"\bDate\("#, #"\b\w*(Clock|Instant|Date)\.now\b"#, #"\bUUID\("#, #"\.random(Element)?\("#, #"\.shuffle(d)?\("#,
        #"\bSystemRandomNumberGenerator\b"#, #"\bTask(\.|\s*\{|<)"#, #"\basync\b"#, #"\bawait\b"#, #"\bactor\s+[A-Z]"#,
        #"\bProcessInfo\b"#, #"\bFileManager\b"#, #"\bDispatch"#, #"\bgetenv\("#, #"\bCommandLine\b"#, #"\bprint\("#,
        #"@unchecked"#, #"\bnonisolated\(unsafe\)"#, #"\bstatic var \w+\s*(:[^{=]*)?=[^>]"#,
    ]

    private let patterns: [NSRegularExpression]

    init() throws {
        patterns = try CallLaw.forbidden.map { try NSRegularExpression(pattern: $0) }
    }

    func breaches(in files: [SourceFile]) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().flatMap { number, line in
                let code = line.trimmingCharacters(in: .whitespaces)
                let range = NSRange(code.startIndex..., in: code)
                return patterns.filter { $0.firstMatch(in: code, range: range) != nil }
                    .map { "\(file.path):\(number + 1): \(code) (\($0.pattern))" }
            }
        }
    }
}

/// Folders are layers: inside a target one folder names the types of another, or the other way round, never both, and
/// no chain of folders leads back to where it began. The files at the target's root are a folder too.
struct FolderLaw {
    /// By folder: the other folders whose types it names, and which ones.
    private let names: [String: [String: Set<String>]]

    init(_ files: [SourceFile]) {
        let words = files.map { Words($0.code) }
        var owners: [String: Set<String>] = [:]
        for (file, words) in zip(files, words) {
            for type in words.declared { owners[type, default: []].insert(file.folder) }
        }
        var names: [String: [String: Set<String>]] = [:]
        for (file, words) in zip(files, words) {
            for word in words.used.subtracting(words.own) {
                guard let owner = owners[word], let other = owner.first, owner.count == 1, other != file.folder
                else { continue }
                names[file.folder, default: [:]][other, default: []].insert(word)
            }
        }
        self.names = names
    }

    /// One text for each set of folders that lead to one another.
    func breaches() -> [String] {
        var rest = Set(names.keys)
        var circles: [[String]] = []
        for folder in names.keys.sorted() where rest.contains(folder) {
            let circle = reachable(from: folder).filter { reachable(from: $0).contains(folder) }
            rest.subtract(circle)
            if !circle.isEmpty { circles.append(circle.sorted()) }
        }
        return circles.map { circle in
            let arrows = circle.flatMap { folder in
                circle.compactMap { other in
                    names[folder]?[other].map { "\(folder) → \(other): \($0.sorted().joined(separator: ", "))" }
                }
            }
            return arrows.joined(separator: "; ")
        }
    }

    /// In one step or more.
    private func reachable(from folder: String) -> Set<String> {
        var found: Set<String> = []
        var next = [folder]
        while let folder = next.popLast() {
            for other in (names[folder] ?? [:]).keys where found.insert(other).inserted { next.append(other) }
        }
        return found
    }
}
