import Testing

@testable import Scheduling

/// Addresses that may be called.
struct NetworkTests {
    @Test(arguments: [
        ("192.0.2.0/24", "192.0.2.7", true), ("192.0.2.0/24", "192.0.3.7", false),
        ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.128/25", "192.0.2.128", true), ("192.0.2.7/32", "192.0.2.7", true),
        ("192.0.2.7/32", "192.0.2.6", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("2001:db8::/32", "[2001:db8::1]", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("0.0.0.0/0", "::1", false), ("::/0", "127.0.0.1", false), ("::/0", "[::ffff:7f00:1]", true),
        // What some read as another address is none.
        ("192.0.2.0/24", "192.0.2.010", false), ("12.0.0.0/8", "012.0.0.1", false), ("127.0.0.0/8", "127.1", false),
        ("0.0.0.0/0", "2130706433", false), ("0.0.0.0/0", "0x7f.0.0.1", false), ("192.0.2.0/24", "+192.0.2.1", false),
        // A name stands for what somebody else says.
        ("0.0.0.0/0", "node-01.example", false), ("::/0", "localhost", false),
    ])
    func `an address is in a network`(network: String, host: String, isIn: Bool) throws {
        #expect(try #require(Network(network)).contains(host: host) == isIn)
    }

    @Test(arguments: ["192.0.2.0", "192.0.2.0/33", "192.0.2.0/-1", "example.com/24", "/24", "2001:db8::/129", ""])
    func `what is none is none`(text: String) {
        #expect(Network(text) == nil)
    }
}
