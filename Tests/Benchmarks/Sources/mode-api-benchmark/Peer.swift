import Foundation

/// A server that the benchmark started, and its address. Ended by its process id.
struct Peer {
    let name: String
    let url: String
    private let process: Process

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
        return Peer(name: name, url: try address(String(decoding: line, as: UTF8.self)), process: process)
    }

    /// nginx with one worker that answers every request with the constant.
    static func nginx(in folder: URL, port: Int) throws -> Peer {
        let configuration = """
            worker_processes 1;
            daemon off;
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
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/nginx")
        process.arguments = ["-c", file.path, "-p", folder.path, "-e", "/dev/null"]
        try process.run()
        Thread.sleep(forTimeInterval: 0.5)
        return Peer(name: "nginx, one worker", url: "http://127.0.0.1:\(port)/", process: process)
    }

    func end() {
        process.terminate()
        process.waitUntilExit()
    }
}
