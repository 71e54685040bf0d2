package settings

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// width is the number of columns that the help text has at most.
const width = 80

// Help writes the help text.
func Help(w io.Writer) {
	var b strings.Builder
	b.WriteString(`Usage: gateway [-demo] [-addr host:port] [flags]
       gateway dead list|show|retry|drop [flags] [number …]

Receives webhooks of UserLock, Unloc, Relock and LoginRadius, and writes each
event as one line to standard output. See also gateway dead -help.

A flag can also be set by a variable, such as GATEWAY_MAX_BODY for -max-body, or
by a line of the -config file, such as max-body 1000000. A flag on the command
line counts before its variable, and a variable before the file.

`)
	b.WriteString(environmentHelp())
	for _, g := range new(Settings).groups() {
		fmt.Fprintf(&b, "\n%s:\n", g.title)
		g.describe(&b)
	}
	_, _ = io.WriteString(w, b.String())
}

// environmentHelp returns the part of the help text that is about secrets.
func environmentHelp() string {
	var b strings.Builder
	b.WriteString("Secrets are set in the environment:\n")
	for _, v := range Vendors {
		fmt.Fprintf(&b, "  %-20s %s\n", v.Variable.Name, v.Means)
	}
	fmt.Fprintf(&b, "  %-20s user:password for the admin paths\n", AdminVariable.Name)
	fmt.Fprintf(&b, "  %-20s keys of 32 bytes, hex or base64: the store keeps bodies,\n  %-20s sealed with the first key\n", rawKeysVariable.Name, "")
	fmt.Fprintf(&b, "  %-20s path of a file with the credentials of a NATS user\n", natsVariable)
	b.WriteString("Separate values by commas. Or add _FILE to a name and set it to the path of a\n" +
		"file with one value a line. A vendor without its variable is not served.\n")
	return b.String()
}

// describe writes the flags of a group.
func (g *group) describe(b *strings.Builder) {
	g.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		if !slices.Contains([]string{"", "0", "0s", "false"}, f.DefValue) {
			usage += fmt.Sprintf(" (default %s)", strings.ToLower(f.DefValue))
		}
		fmt.Fprintln(b, strings.TrimRight("  -"+f.Name+" "+name, " "))
		line := "     "
		for word := range strings.FieldsSeq(usage) {
			if len(line)+1+len(word) > width {
				fmt.Fprintln(b, line)
				line = "     "
			}
			line += " " + word
		}
		fmt.Fprintln(b, line)
	})
}
