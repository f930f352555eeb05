import Glibc

// `crowd NODES CLUSTER-SIZE`: prints the ports of APIs and probes as one line of JSON, then answers each line of standard
// input with one: what has come in since the last line. Ends with its input.
guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[1]),
    let size = Int(CommandLine.arguments[2]), count > 0, size > 0
else {
    print("usage: crowd NODES CLUSTER-SIZE")
    exit(2)
}
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

func say(_ line: String) {
    print(line)
    fflush(nil)
}

var crowd = Crowd(count: count, clusterSize: size)
say("\(crowd.ports)")
crowd.watch(STDIN_FILENO)
while crowd.serve(), readLine() != nil {
    let counts = crowd.counts
    let calls = counts.calls.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    let changes = crowd.changes.map { "[\($0.node),\"\($0.mode)\",\($0.at)]" }.joined(separator: ",")
    say(
        """
        {"connections":\(counts.connections),"open":\(crowd.openConnections),"calls":{\(calls)},\
        "first":\(counts.first),"last":\(counts.last),"observed":\(crowd.observedAt),"changes":[\(changes)]}
        """)
    crowd.forget()
}
