import Daemon
import Scheduling
import Testing

/// Where lists say that members are.
struct MemberAddressesTests {
    @Test(arguments: [
        ("http://192.0.2.7:3000/", "http://192.0.2.7:3000/"), ("http://192.0.2.7:3000", "http://192.0.2.7:3000/"),
        ("HTTP://192.0.2.7/sora", "http://192.0.2.7:80/sora"), ("https://[2001:db8::7]/", "https://[2001:db8::7]:443/"),
    ])
    func `in a network that may be called`(url: String, called: String) {
        let addresses = MemberAddresses(Discovery(seeds: [], allow: ["192.0.2.0/24", "2001:db8::/32"]))
        #expect(addresses.judge(url) == .callable(NodeText(cutting: called)))
    }

    @Test(arguments: [
        ("http://203.0.113.9:3000/", "203.0.113.9 is in no network of discovery.allow"),
        ("http://169.254.169.254/latest/", "169.254.169.254 is in no network of discovery.allow"),
        ("http://node-01.example:3000/", "node-01.example is a name, and discovery.allow knows networks only"),
        ("http://192.0.2.7@203.0.113.9/", "http://192.0.2.7@203.0.113.9/ is no address of an API"),
        ("http://192.0.2.7:3000/?x=1", "http://192.0.2.7:3000/?x=1 is no address of an API"),
        ("ftp://192.0.2.7/", "ftp://192.0.2.7/ is no address of an API"),
        ("http://192.0.2.7:3000/\n", "http://192.0.2.7:3000/? is no address of an API"),
        ("", " is no address of an API"),
    ])
    func `anywhere else`(url: String, why: String) {
        let addresses = MemberAddresses(Discovery(seeds: [], allow: ["192.0.2.0/24", "2001:db8::/32"]))
        #expect(addresses.judge(url) == .refused(NodeText(cutting: why)))
    }

    @Test func `where no network is named, names are called too`() {
        let addresses = MemberAddresses(Discovery(seeds: []))
        #expect(addresses.judge("http://node-01.example:3000/") == .callable("http://node-01.example:3000/"))
        guard case .refused = addresses.judge("http://\(String(repeating: "a", count: 200)):3000/") else {
            Issue.record("an address without end")
            return
        }
    }
}
