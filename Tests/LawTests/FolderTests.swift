import Testing

/// Folders are layers, in every target.
struct FolderTests {
    @Test func `folders name each other's types in one direction only`() throws {
        let targets = try SourceFile.targets()
        #expect(targets.count > 5)
        for target in targets {
            for breach in FolderLaw(try SourceFile.all(of: target)).breaches() {
                Issue.record("\(target): \(breach)")
            }
        }
    }
}
