import Foundation

/// A server that the benchmark started, and its address. Ended by its process id.
struct Peer {
    let name: String
    let url: String
    private let stop: () -> Void

    /// Starts a program that prints a line with its address, and waits for that line.
    ///
    /// - Parameter address: finds the address in the line.
    static func start(
        _ name: String, _ program: String, _ arguments: [String], address: (String) throws -> String
    ) throws -> Peer {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) {
            line += byte
        }
        return Peer(name: name, url: try address(String(decoding: line, as: UTF8.self))) {
            process.terminate()
            process.waitUntilExit()
        }
    }

    /// nginx with one worker that answers every request with the constant. It goes into the background once it listens.
    static func nginx(in folder: URL, port: Int) throws -> Peer {
        let configuration = """
            worker_processes 1;
            daemon on;
            pid \(folder.path)/nginx.pid;
            error_log /dev/null;
            events { worker_connections 1024; }
            http {
              access_log off;
              keepalive_requests 100000000;
              default_type application/json;
              server { listen 127.0.0.1:\(port); location / { return 200 '{"mode":"normal"}'; } }
            }
            """
        let file = folder.appendingPathComponent("nginx.conf")
        try Data(configuration.utf8).write(to: file)
        func run(_ more: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/sbin/nginx")
            process.arguments = ["-c", file.path, "-p", folder.path, "-e", "/dev/null"] + more
            try process.run()
            process.waitUntilExit()
        }
        try run()
        // Finds its process by the file with its id.
        return Peer(name: "nginx, one worker", url: "http://127.0.0.1:\(port)/") { try? run("-s", "stop") }
    }

    func end() { stop() }
}
