package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// modes have the flags that can be used with a flag that says what to do, or those that
// cannot.
var modes = []struct {
	name    string
	flags   []string
	allowed bool
}{
	{"list", []string{"list", "vendor", "json"}, true},
	{"explain", []string{"explain", "vendor", "secret", "secret-file", "header", "json"}, true},
	{"print", []string{"json", "rate", "every", "concurrency", "timeout", "expect"}, false},
}

// raw are the flags whose values need work.
type raw struct {
	vendor, event, url, secret, secretFile, time, file string
	rate                                               float64
	every                                              time.Duration
	expect, count                                      int
	sets                                               []string
}

func (s *settings) flags(r *raw) *flag.FlagSet {
	f := flag.NewFlagSet("send", flag.ContinueOnError)
	f.SetOutput(io.Discard) // the caller shows the error
	f.StringVar(&r.vendor, "vendor", "", "play this `vendor`: userlock, unloc, relock, loginradius or all")
	f.StringVar(&r.event, "event", "", "send this `event`, by a name of -list (default: every event of the vendor)")
	f.StringVar(&r.url, "url", "", "send to this `URL`. If it has no path, that of the gateway is added (default: http://127.0.0.1:8080)")
	f.StringVar(&r.secret, "secret", "", "sign with this `secret`; for Unloc user:password. Others on this machine can see it")
	f.StringVar(&r.secretFile, "secret-file", "", "sign with the first line of this `file`")
	f.StringVar(&s.ca, "ca", "", "trust the HTTPS certificates that the authorities in this `file` have signed (PEM), instead of those of the system")

	f.Func("set", "set a field of each body before it is signed: `path=text` or path:=JSON, such as data.userId=alice or data.attempts:=5. May be repeated", func(text string) error {
		r.sets = append(r.sets, text)
		return nil
	})
	f.StringVar(&r.time, "time", "", "the `time` of the events: as in RFC 3339, or by how much it is off, such as -2h (default: when each is sent)")
	f.StringVar(&r.file, "file", "", "sign and send the bytes of this `file`, or the body of a request that was captured in it; - is standard input")
	f.BoolVar(&s.duplicate, "duplicate", false, "send each event twice, the same bytes")
	f.BoolVar(&s.tamper, "tamper", false, "change each body after it was signed, and the credential that the vendor sends, and expect the status 401")

	f.IntVar(&r.count, "count", -1, "how many `events` to send; 0: until Ctrl-C (default: each of those that are chosen once)")
	f.Float64Var(&r.rate, "rate", 0, "send at most so many `events` a second")
	f.DurationVar(&r.every, "every", 0, "send an event in each such `time`, such as 5s")
	f.IntVar(&s.concurrency, "concurrency", 1, "how many `events` to send at the same time")
	f.DurationVar(&s.timeout, "timeout", 10*time.Second, "how long to wait for an answer")
	f.IntVar(&r.expect, "expect", 0, "the `status` that every answer should have (default: 200, or 401 with -tamper)")

	f.BoolVar(&s.list, "list", false, "list the events of the vendor, or of all, and exit")
	f.BoolVar(&s.print, "print", false, "print each request as a curl command for a POSIX shell instead of sending it. It holds the credential or the signature")
	f.BoolVar(&s.json, "json", false, "write the summary, or the list, as JSON")
	f.StringVar(&s.explain, "explain", "", "say why the request that was captured in this `file` would be accepted or refused, and which usual mistake makes its signature wrong: raw HTTP, a HAR file, a recording of the gateway, or a body with -header; - is standard input")
	f.Func("header", "a `header` of the request of -explain, such as 'X-Relock-Signature: …', if the file has only the body. May be repeated", func(text string) error {
		s.headers = append(s.headers, text)
		return nil
	})
	return f
}

// writeHelp writes the help text.
func writeHelp(w io.Writer) {
	var b strings.Builder
	b.WriteString(`Usage: send -vendor vendor [-event event] [-url URL] [flags]
       send -vendor vendor -file file [flags]
       send -explain file [-vendor vendor] [-header header] [flags]
       send -list [-vendor vendor] [-json]

Tests a webhook: sends events as a vendor does, about invented people and doors.
Each is a new event, with an ID and a time of its own. Exit status 1 means that
an answer was not as expected, or that the request of -explain would be refused.

Without -secret and -secret-file, the first value of the variable that the
gateway reads counts, or the first line of the file that NAME_FILE is set to:
`)
	for _, v := range vendors.All {
		fmt.Fprintf(&b, "  %-20s %s\n", v.Variable.Name, v.Means)
	}
	b.WriteString("\nFlags:\n")
	new(settings).flags(new(raw)).VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		if f.Name == "concurrency" || f.Name == "timeout" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "  -%s\n%s", strings.TrimSpace(f.Name+" "+name), usageLine.ReplaceAllString(usage, "      $1\n"))
	})
	_, _ = io.WriteString(w, b.String())
}

// usageLine matches what goes into one line of 80 columns, indented.
var usageLine = regexp.MustCompile(`(.{1,74})(?: |$)`)
