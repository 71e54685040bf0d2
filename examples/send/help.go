package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// writeHelp writes the help text.
func writeHelp(w io.Writer) {
	var b strings.Builder
	b.WriteString(`Usage: send -vendor vendor [-event event] [-url URL] [flags]
       send -vendor vendor -file file [flags]
       send -vendor vendor -explain file [flags]
       send -list [-vendor vendor] [-json]

Tests a webhook: sends events as a vendor does, about invented people and doors.
Each is a new event, with an ID and a time of its own. Exit status 1 means that
an answer was not as expected.

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
