import ArgumentParser
import PolicyFile

/// `nagi schema`
struct SchemaVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of policies, for editors and other tools.",
        discussion: """
              nagi schema > nagi.schema.json

            Editors with yaml-language-server complete keys, show what they mean and mark what is wrong where a policy \
            file begins with

              # yaml-language-server: $schema=nagi.schema.json

            The schema (JSON Schema 2020-12) is made from the declarations that policies are read with, and describes \
            one YAML document. References, time zones and calendars are beyond a schema: `nagi check` knows them.
            """)

    func run() {
        print(PolicySchema.text(), terminator: "")
    }
}
