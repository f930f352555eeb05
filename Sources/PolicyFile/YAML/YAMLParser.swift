import CLibYAML

/// libyaml's event loop turned into located documents, with limits that hold while it reads.
///
/// A syntax error ends its file: the documents before it are kept. Everything else is reported and passed over, so that
/// one pass finds all of it.
struct YAMLParser {
    /// The documents of one file.
    struct Output {
        var documents: [YAMLNode] = []
        /// Some of the file was not understood: names that it may have declared are not known.
        var isIncomplete = false
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// Where libyaml puts each event.
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: Int
    private let findings: Findings
    private var anchors: [String: Anchor] = [:]
    private var nodes = 0

    private struct Anchor {
        var node: YAMLNode
        var nodes: Int
        var depth: Int
    }

    /// Thrown after it was reported: nothing more of this file can be read.
    private struct Stop: Error {}

    static func parse(_ source: PolicySource, file: Int, findings: Findings) -> Output {
        guard source.bytes.count <= PolicyLimits.fileBytes else {
            findings.error(
                .fileTooLarge, "the file is larger than 1 MB", file: file,
                hint: "split it: all files of a directory are one set")
            return Output(isIncomplete: true)
        }
        return source.bytes.withUnsafeBufferPointer { all in
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            let bytes = all.starts(with: mark) ? UnsafeBufferPointer(rebasing: all.dropFirst(3)) : all
            let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
            defer { parser.deallocate() }
            guard yaml_parser_initialize(parser) == 1 else {
                findings.error(.yamlSyntax, "no memory for the parser", file: file)
                return Output(isIncomplete: true)
            }
            defer { yaml_parser_delete(parser) }
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
            defer { event.deallocate() }
            event.initialize(to: yaml_event_t())
            defer { yaml_event_delete(event) }
            var loop = YAMLParser(parser: parser, event: event, bytes: bytes, file: file, findings: findings)
            return loop.documents()
        }
    }

    private mutating func documents() -> Output {
        var output = Output()
        do throws(Stop) {
            while true {
                let event = try next()
                switch event.type {
                case YAML_STREAM_END_EVENT: return output
                case YAML_DOCUMENT_START_EVENT:
                    anchors = [:]
                    if output.documents.count == PolicyLimits.documents {
                        findings.error(
                            .tooManyDocuments, "a file may hold \(PolicyLimits.documents) documents",
                            at: location(event))
                        throw Stop()
                    }
                case YAML_SCALAR_EVENT, YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT, YAML_ALIAS_EVENT:
                    let root = try node(event, depth: 1)
                    if !root.isNull { output.documents.append(root) }
                default: break
                }
            }
        } catch {
            output.isIncomplete = true
            return output
        }
    }

    /// The node that starts with this event.
    private mutating func node(_ event: Event, depth: Int) throws(Stop) -> YAMLNode {
        let start = location(event)
        if event.type == YAML_ALIAS_EVENT { return try alias(event, depth: depth) }
        let before = nodes
        try count(1, at: start)
        let isCollection = event.type != YAML_SCALAR_EVENT
        if isCollection, depth > PolicyLimits.depth {
            findings.error(.tooDeep, "more than \(PolicyLimits.depth) lists and mappings inside each other", at: start)
            throw Stop()
        }
        if event.tag != nil {
            findings.error(
                .tagNotAllowed, "tags are not allowed", at: isCollection ? start : spanning(start, event),
                hint: "leave the tag out: the key decides what it is"
            )
        }
        let anchor = event.anchor
        let node: YAMLNode
        switch event.type {
        case YAML_SEQUENCE_START_EVENT: node = try sequence(start, depth: depth)
        case YAML_MAPPING_START_EVENT: node = try mapping(start, depth: depth)
        default: node = scalar(event, start)
        }
        if let anchor {
            anchors[anchor] = Anchor(node: node, nodes: nodes - before, depth: height(of: node))
        }
        return node
    }

    private mutating func sequence(_ start: SourceLocation, depth: Int) throws(Stop) -> YAMLNode {
        var items: [YAMLNode] = []
        items.reserveCapacity(4)
        var place = start
        while true {
            let event = try next()
            if event.type == YAML_SEQUENCE_END_EVENT {
                place = spanning(start, event)
                return YAMLNode(value: .sequence(items), location: place)
            }
            items.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func mapping(_ start: SourceLocation, depth: Int) throws(Stop) -> YAMLNode {
        var entries: [YAMLNode.Entry] = []
        entries.reserveCapacity(4)
        var seen: [String: SourceLocation] = [:]
        while true {
            let event = try next()
            if event.type == YAML_MAPPING_END_EVENT {
                var place = spanning(start, event)
                if place.length == 1, let first = entries.first, first.keyLocation.line == start.line {
                    place.length = first.keyLocation.length
                }
                return YAMLNode(value: .mapping(entries), location: place)
            }
            let key = try node(event, depth: depth + 1)
            let valueEvent = try next()
            let value = try node(valueEvent, depth: depth + 1)
            guard let name = keyText(key) else { continue }
            if let first = earlier(name, entries, &seen) {
                findings.duplicate(.duplicateKey, "`\(name)` is written twice", at: key.location, first: first)
                continue
            }
            entries.append(.init(key: name, keyLocation: key.location, value: value))
        }
    }

    /// Where the key was written before. Small mappings are searched, large ones indexed.
    private func earlier(
        _ key: String, _ entries: [YAMLNode.Entry], _ seen: inout [String: SourceLocation]
    ) -> SourceLocation? {
        if entries.count < 16 { return entries.first { $0.key == key }?.keyLocation }
        if seen.isEmpty { for entry in entries { seen[entry.key] = entry.keyLocation } }
        if let last = entries.last { seen[last.key] = last.keyLocation }
        return seen[key]
    }

    private func keyText(_ key: YAMLNode) -> String? {
        guard let scalar = key.scalar else {
            findings.error(.keyNotText, "a key must be a text, this is \(key.kindInWords)", at: key.location)
            return nil
        }
        if scalar.isNull {
            findings.error(.keyNotText, "a key is missing before the colon", at: key.location)
            return nil
        }
        if scalar.isPlain, scalar.text == "<<" {
            findings.error(
                .mergeKey, "merge keys are not allowed", at: key.location,
                hint: "write the keys out, or alias the whole value")
            return nil
        }
        return scalar.text
    }

    private func scalar(_ event: Event, _ start: SourceLocation) -> YAMLNode {
        let scalar = event.scalar
        let node = YAMLNode(value: .scalar(scalar), location: spanning(start, event))
        // Most texts are ASCII, which bytes can tell; only the others are taken apart into Unicode scalars.
        if scalar.isVisibleASCII { return node }
        if let bad = scalar.text.unicodeScalars.first(where: { $0 != "\n" && $0 != "\t" && isUnprintable($0) }) {
            findings.error(
                .controlCharacter, "the text holds the character \(visible(bad)), which cannot be seen",
                at: node.location)
        }
        return node
    }

    private mutating func alias(_ event: Event, depth: Int) throws(Stop) -> YAMLNode {
        let name = event.anchor ?? ""
        guard let anchor = anchors[name] else {
            findings.error(
                .unknownAlias, "nothing above is anchored as `&\(name)`", at: spanning(location(event), event))
            throw Stop()
        }
        try count(anchor.nodes, at: location(event))
        if depth - 1 + anchor.depth > PolicyLimits.depth {
            findings.error(
                .tooDeep, "more than \(PolicyLimits.depth) lists and mappings inside each other", at: location(event))
            throw Stop()
        }
        return anchor.node
    }

    /// The levels of lists and mappings in the node; it is a tree within the limits already.
    private func height(of node: YAMLNode) -> Int {
        switch node.value {
        case .scalar: 0
        case .sequence(let items): 1 + (items.map(height).max() ?? 0)
        case .mapping(let entries): 1 + (entries.map { height(of: $0.value) }.max() ?? 0)
        }
    }

    private mutating func count(_ more: Int, at location: SourceLocation) throws(Stop) {
        nodes += more
        guard nodes <= PolicyLimits.nodes else {
            findings.error(
                .tooManyNodes, "more than \(PolicyLimits.nodes) values, each alias counted as what it stands for",
                at: location, hint: "split the file, or write less by aliases")
            throw Stop()
        }
    }

    /// Ends the event before.
    private func next() throws(Stop) -> Event {
        yaml_event_delete(event)
        guard yaml_parser_parse(parser, event) == 1 else {
            YAMLFault(parser.pointee, bytes).report(file: file, to: findings)
            throw Stop()
        }
        return Event(at: event)
    }

    private func location(_ event: Event) -> SourceLocation {
        SourceLocation(file: file, line: event.startLine + 1, column: event.startColumn + 1)
    }

    /// The same start, as long as the event's end where that is on the same line.
    private func spanning(_ start: SourceLocation, _ end: Event) -> SourceLocation {
        var location = start
        if end.endLine + 1 == Int(start.line), end.endColumn + 1 > Int(start.column) {
            location.length = Int32(clamping: end.endColumn + 1 - Int(start.column))
        }
        return location
    }
}
