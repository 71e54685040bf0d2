package address_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/internal/address"
)

func TestParse(t *testing.T) {
	const (
		bad   = address.Unreadable
		none  = address.None
		one   = address.Single
		first = address.First
	)
	tests := map[string]struct {
		text, want string
		status     address.Status
	}{
		"IPv4":                       {"192.0.2.1", "192.0.2.1", one},
		"IPv4 with port":             {"192.0.2.1:8080", "192.0.2.1", one},
		"IPv6":                       {"2001:db8::1", "2001:db8::1", one},
		"IPv6 in capitals":           {"2001:DB8::A", "2001:db8::a", one},
		"IPv6 in full":               {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1", one},
		"IPv6 in brackets":           {"[2001:db8::1]", "2001:db8::1", one},
		"IPv6 with port":             {"[2001:db8::1]:443", "2001:db8::1", one},
		"mapped":                     {"::ffff:192.0.2.1", "192.0.2.1", one},
		"mapped, hexadecimal":        {"::ffff:c000:201", "192.0.2.1", one},
		"mapped in brackets":         {"[::ffff:192.0.2.1]", "192.0.2.1", one},
		"mapped with port":           {"[::ffff:192.0.2.1]:80", "192.0.2.1", one},
		"zone":                       {"fe80::1%eth0", "fe80::1", one},
		"zone of a number":           {"fe80::1%12", "fe80::1", one},
		"zone in brackets":           {"[fe80::1%eth0]", "fe80::1", one},
		"zone with port":             {"[fe80::1%eth0]:80", "fe80::1", one},
		"mapped with zone":           {"::ffff:192.0.2.1%eth0", "192.0.2.1", one},
		"loopback":                   {"::1", "::1", one},
		"unspecified":                {"0.0.0.0", "0.0.0.0", one},
		"unspecified IPv6":           {"::", "::", one},
		"space before":               {" 192.0.2.1", "192.0.2.1", one},
		"white space":                {"\t 2001:db8::1\r\n", "2001:db8::1", one},
		"network of one":             {"192.0.2.1/32", "192.0.2.1", one},
		"IPv6 network of one":        {"2001:db8::1/128", "2001:db8::1", one},
		"mapped network of one":      {"::ffff:192.0.2.1/128", "192.0.2.1", one},
		"list":                       {"192.0.2.1, 10.0.0.1", "192.0.2.1", first},
		"list without space":         {"192.0.2.1,10.0.0.1,10.0.0.2", "192.0.2.1", first},
		"list, the rest is anything": {"192.0.2.1, unknown", "192.0.2.1", first},
		"list of IPv6":               {" [2001:db8::1]:80 ; 2001:db8::2", "2001:db8::1", first},
		"list of networks of one":    {"192.0.2.1/32, 192.0.2.2/32", "192.0.2.1", first},
		"list with an open end":      {"192.0.2.1,", "192.0.2.1", first},
		"list that begins empty":     {", 192.0.2.1", "", bad},
		"list of unknown":            {"unknown, 192.0.2.1", "", bad},
		"list of a MAC address":      {"00:00:5e:00:53:01, 192.0.2.1", "", bad},

		"empty":                    {"", "", none},
		"white":                    {" \t", "", none},
		"colon":                    {":", "", bad},
		"bracket":                  {"[", "", bad},
		"brackets":                 {"[]", "", bad},
		"two of them":              {"192.0.2.1 192.0.2.2", "", bad},
		"name":                     {"localhost", "", bad},
		"with port":                {"localhost:80", "", bad},
		"network":                  {"192.0.2.0/24", "", bad},
		"host/length":              {"192.0.2.1/24", "", bad},
		"too long":                 {"192.0.2.1/33", "", bad},
		"no length":                {"192.0.2.1/", "", bad},
		"IPv4 as IPv6 network":     {"192.0.2.1/128", "", bad},
		"network with zone":        {"fe80::1%eth0/128", "", bad},
		"network with port":        {"192.0.2.1:80/32", "", bad},
		"octal":                    {"192.0.02.1", "", bad},
		"hexadecimal":              {"0xc0000201", "", bad},
		"number":                   {"3221225985", "", bad},
		"three numbers":            {"192.0.1", "", bad},
		"number too large":         {"192.0.2.256", "", bad},
		"port too large":           {"192.0.2.1:65536", "", bad},
		"port that is a name":      {"192.0.2.1:http", "", bad},
		"port with a sign":         {"192.0.2.1:+80", "", bad},
		"no port":                  {"192.0.2.1:", "", bad},
		"no port behind brackets":  {"[2001:db8::1]:", "", bad},
		"no colon before the port": {"[2001:db8::1]80", "", bad},
		"two ports":                {"192.0.2.1:80:80", "", bad},
		"bracket not closed":       {"[2001:db8::1", "", bad},
		"bracket not opened":       {"2001:db8::1]", "", bad},
		"two brackets":             {"[[2001:db8::1]]", "", bad},
		"IPv4 in brackets":         {"[192.0.2.1]", "", bad},
		"IPv4 in brackets, port":   {"[192.0.2.1]:80", "", bad},
		"IPv4 with zone":           {"192.0.2.1%eth0", "", bad},
		"empty zone":               {"fe80::1%", "", bad},
		"port without brackets":    {"2001:db8:0:0:0:0:0:1:443", "", bad},
		"URL":                      {"http://192.0.2.1/", "", bad},
		"not ASCII":                {"１９２.0.2.1", "", bad},
		"MAC":                      {"00:00:5e:00:53:01", "", bad},
		"EUI-64":                   {"00:11:22:33:44:55:66:77", "", bad},
		"EUI-64 in brackets":       {"[00:11:22:33:44:55:66:77]", "", bad},
		"EUI-64 with port":         {"[00:11:22:33:44:55:66:77]:80", "", bad},
		"EUI-64 as network":        {"00:11:22:33:44:55:66:77/128", "", bad},
		"EUI-64 first":             {"00:11:22:33:44:55:66:77, 192.0.2.1", "", bad},
		"like EUI-64":              {"0040:11:22:33:44:55:66:77", "", bad},
		"like EUI-64, zone":        {"fe:11:22:33:44:55:66:077%eth0", "", bad},
		"like EUI-64, brackets":    {"[0010:11:22:33:44:55:66:ff]:80", "", bad},
		"like EUI-64, network":     {"0040:11:22:33:44:55:66:77/128", "", bad},
		"long":                     {strings.Repeat("1:", 1000), "", bad},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, status := address.Parse(tt.text)
			assert.Equal(t, addr(tt.want), got)
			assert.Equal(t, tt.status, status)
		})
	}
}

func addr(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}

// Eight short groups are an IPv6 address if they are not of two digits each.
func TestIPv6LikeEUI64(t *testing.T) {
	for _, s := range []string{"0:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:777", "2001:11:22:33:44:55:66:7", "fe80::22:33:44:55:66:77", "40:11:22:33:44:55:66:7", "100:11:22:33:44:55:66:77"} {
		got, status := address.Parse(s)
		assert.Equal(t, netip.MustParseAddr(s), got)
		assert.Equal(t, address.Single, status, s)
	}
}

func TestHost(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1:80": "192.0.2.1", "2001:db8::1": "2001:db8::1", "[2001:db8::1]": "2001:db8::1",
		"[2001:db8::1]:80": "2001:db8::1", "fe80::1%eth0": "fe80::1", "::ffff:192.0.2.1": "192.0.2.1",

		"": "", " 192.0.2.1": "", "192.0.2.1 ": "", "192.0.2.1, 10.0.0.1": "", "192.0.2.1,": "", "192.0.2.1/32": "", "2001:db8::1/128": "",
		"[ 2001:db8::1]": "", "00:11:22:33:44:55:66:77": "",
	} {
		got, ok := address.Host(text)
		assert.Equal(t, addr(want), got, text)
		assert.Equal(t, want != "", ok, text)
	}
}

func TestMAC(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"colons":                   {"ec:f4:bb:37:dd:aa", "ec:f4:bb:37:dd:aa"},
		"hyphens":                  {"EC-F4-BB-37-DD-AA", "ec:f4:bb:37:dd:aa"},
		"points":                   {"ecf4.bb37.ddaa", "ec:f4:bb:37:dd:aa"},
		"hyphens, fours":           {"ecf4-bb37-ddaa", "ec:f4:bb:37:dd:aa"},
		"bare":                     {"ECF4BB37DDAA", "ec:f4:bb:37:dd:aa"},
		"bare, one letter":         {"00005e005301", "00:00:5e:00:53:01"},
		"white space":              {" ec:f4:bb:37:dd:aa\n", "ec:f4:bb:37:dd:aa"},
		"zeros":                    {"00:00:00:00:00:00", "00:00:00:00:00:00"},
		"network":                  {"AA-BB-CC-DD-EE-FF:SSID", "aa:bb:cc:dd:ee:ff"},
		"network of any name":      {"AA-BB-CC-DD-EE-FF:guest: a,b [1]", "aa:bb:cc:dd:ee:ff"},
		"network without a name":   {"AA-BB-CC-DD-EE-FF:", "aa:bb:cc:dd:ee:ff"},
		"bare, network":            {"AABBCCDDEEFF:SSID", "aa:bb:cc:dd:ee:ff"},
		"points, network":          {"aabb.ccdd.eeff:SSID", "aa:bb:cc:dd:ee:ff"},
		"fours, network":           {"aabb-ccdd-eeff:SSID", "aa:bb:cc:dd:ee:ff"},
		"EUI-64":                   {"00:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:77"},
		"EUI-64, hyphens":          {"00-11-22-33-44-55-66-77", "00:11:22:33:44:55:66:77"},
		"EUI-64, fours":            {"0011-2233-4455-6677", "00:11:22:33:44:55:66:77"},
		"EUI-64, points":           {"0011.2233.4455.6677", "00:11:22:33:44:55:66:77"},
		"bare decimals":            {"491701234567", ""},
		"bare decimals, EUI-64":    {"0011223344556677", ""},
		"SHA-1":                    {"a9993e364706816aba3e25717850c26c9cd0d89d", ""},
		"InfiniBand":               {"00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01", ""},
		"other separator":          {"ec_f4_bb_37_dd_aa", ""},
		"open end":                 {"ec:f4:bb:37:dd:aa:", ""},
		"bare, no digit":           {"ecf4bb37ddag", ""},
		"bare, short":              {"ecf4bb37dda", ""},
		"bare, long":               {"ecf4bb37ddaabb", ""},
		"mixed":                    {"ec:f4-bb:37-dd:aa", ""},
		"mixed fours":              {"ecf4-bb37.dd:aa", ""},
		"five":                     {"ec:f4:bb:37:dd", ""},
		"seven":                    {"ec:f4:bb:37:dd:aa:00", ""},
		"one digit":                {"ec:f4:bb:37:dd:a", ""},
		"colons, network":          {"ec:f4:bb:37:dd:aa:SSID", ""},
		"IPv4":                     {"192.0.2.1", ""},
		"IPv6":                     {"2001:db8::1", ""},
		"IPv6 in full":             {"2001:0db8:0000:0000:0000:0000:0000:0001", ""},
		"IPv6 of twelve and three": {"abcdefabcdef:0", "ab:cd:ef:ab:cd:ef"},
		"name":                     {"face-of-office", ""},
		"empty":                    {"", ""},
		"white":                    {"  ", ""},
		"UUID":                     {"00112233-4455-6677-8899-aabbccddeeff", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := address.MAC(tt.text)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
			if ok {
				_, status := address.Parse(tt.text)
				assert.Equal(t, address.Unreadable, status, "nothing is both")
			}
		})
	}
}

var usualZone = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

// FuzzParse holds for any text: no text is both kinds of address, and what was read
// is plain and reads again as itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"192.0.2.1", "[fe80::1%eth0]:80", "::ffff:192.0.2.1/128", "192.0.2.1, 10.0.0.1", "00:11:22:33:44:55:66:77", "AA-BB-CC-DD-EE-FF:SSID",
		"ecf4-bb37-ddaa", "ecf4bb37ddaa", "0:11:22:33:44:55:66:77",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, status := address.Parse(s)
		mac, isMAC := address.MAC(s)
		host, isHost := address.Host(s)
		read := status == address.Single || status == address.First
		switch {
		case read != got.IsValid():
			t.Fatalf("%q: status %d, %v", s, status, got)
		case read && isMAC:
			t.Fatalf("%q: %v and %s", s, got, mac)
		case isHost && (status != address.Single || got != host):
			t.Fatalf("%q: %v, but the host is %v", s, got, host)
		case (status == address.None) != (strings.TrimSpace(s) == ""):
			t.Fatalf("%q: status %d", s, status)
		}
		plain, err := netip.ParseAddr(s)
		_, likeMAC := address.MAC(plain.WithZone("").String()) // as 040:11:22:33:44:55:66:77
		if err == nil && !isMAC && !likeMAC && usualZone.MatchString(plain.Zone()) && (!isHost || host != plain.WithZone("").Unmap()) {
			t.Fatalf("%q: %v, want %v", s, host, plain)
		}
		if read {
			if got.Zone() != "" || got.Is4In6() {
				t.Fatalf("%q: %v is not plain", s, got)
			}
			if again, ok := address.Host(got.String()); !ok || again != got {
				t.Fatalf("%q: %v, again %v", s, got, again)
			}
		}
		if isMAC {
			if again, ok := address.MAC(mac); !ok || again != mac {
				t.Fatalf("%q: %s, again %s", s, mac, again)
			}
		}
	})
}

func TestParseDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"192.0.2.1", " 192.0.2.1:8080", "2001:db8::1", "[2001:db8::1]:443", "::ffff:192.0.2.1", "192.0.2.1, 10.0.0.1", ""} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { address.Parse(s) }), s)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"192.0.2.1", "[2001:db8::1]:443", "192.0.2.1, 10.0.0.1", "00:00:5e:00:53:01"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				address.Parse(s)
			}
		})
	}
	b.Run("MAC", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			address.MAC("00:00:5e:00:53:01")
		}
	})
}

func TestIsMAC48(t *testing.T) {
	for s, want := range map[string]bool{
		"00:1b:44:11:3a:b7": true, "00:1B:44:11:3A:B7": true,
		"": false, "00-1b-44-11-3a-b7": false, "00:1b:44:11:3a:bg": false, "00:1b:44:11:3a:b": false, "00:1b:44:11:3a:b7:00:01": false,
		"001b:44:11:3a:b70": false, "00:1b:44:11:3a\xffb7": false,
	} {
		assert.Equal(t, want, address.IsMAC48(s), s)
	}
}
