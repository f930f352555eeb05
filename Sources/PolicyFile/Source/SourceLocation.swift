/// A place in one of the files of a pass. Lines and columns start at 1; columns count Unicode scalars (code points),
/// because that is what libyaml's marks count.
package struct SourceLocation: Hashable, Sendable {
    /// Index in the list of sources.
    package var file: Int32
    package var line: Int32
    package var column: Int32
    /// Scalars to underline, at least 1.
    package var length: Int32

    package init(file: Int, line: Int, column: Int, length: Int = 1) {
        self.file = Int32(clamping: file)
        self.line = Int32(clamping: line)
        self.column = Int32(clamping: column)
        self.length = Int32(clamping: max(1, length))
    }
}
