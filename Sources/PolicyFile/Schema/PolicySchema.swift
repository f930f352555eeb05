/// The JSON Schema (2020-12) of one policy document, made from the declarations that the parser reads with.
///
/// A schema sees values, not texts: a loader of YAML 1.2 has turned `2025` into a number before. So where any text can
/// stand, numbers and booleans pass too, while what wants a number takes no text (`"3"` is refused by the parser). What
/// a schema cannot know is left to `check`: names in other files, dates that do not exist, the order of steps.
package enum PolicySchema {
    package static let identifier = "urn:nagi:schema:v1:policy"

    /// The schema as JSON with a line break at its end; the same bytes every time.
    package static func text() -> String {
        var writer = SchemaWriter(documents: DocumentReader.shapes.map(\.spec))
        return document(&writer).rendered() + "\n"
    }

    private static func document(_ writer: inout SchemaWriter) -> SchemaValue {
        let kinds = DocumentReader.shapes.map(\.kind)
        var properties: [(key: String, value: SchemaValue)] = []
        for field in DocumentReader.frame.fields {
            switch field.key {
            case "kind":
                properties.append((field.key, writer.described([("enum", .texts(kinds))], field)))
            case "spec":
                properties.append((field.key, writer.described([], field)))
            default:
                properties.append((field.key, writer.field(field)))
            }
        }
        let cases = DocumentReader.shapes.map { kind, spec -> SchemaValue in
            let ifKind: SchemaValue = .object([
                ("properties", .object([("kind", .object([("const", .text(kind))]))])), ("required", .texts(["kind"])),
            ])
            let thenSpec: SchemaValue = .object([("properties", .object([("spec", writer.value(spec, named: kind))]))])
            return .object([("if", ifKind), ("then", thenSpec)])
        }
        return .object([
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("$id", .text(identifier)),
            ("title", .text("nagi policy")),
            (
                "description",
                .text(
                    "One document of a policy file: when nodes may be taken out of service, how, and in what order. "
                        + "`nagi check` also knows what a schema cannot.")
            ),
            ("type", .text("object")),
            ("properties", .object(properties)),
            ("required", .texts(DocumentReader.frame.fields.filter(\.isRequired).map(\.key))),
            ("additionalProperties", .boolean(false)),
            ("allOf", .array(cases)),
            ("$defs", .object(writer.definitions)),
        ])
    }
}
