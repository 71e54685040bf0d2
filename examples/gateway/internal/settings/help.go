package settings

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/accesshook/accesshook/examples/internal/vendors"
)

// Help writes the help text.
func Help(w io.Writer) {
	var b strings.Builder
	b.WriteString(`Usage: gateway [-demo] [-addr host:port] [flags]
       gateway dead list [flags of gateway dead]
       gateway dead show|retry|drop [flags of gateway dead] [number…]
       gateway store move -from place -to place [flags of gateway store move]
       gateway test-sinks [flags]

Receives webhooks of UserLock, Unloc, Relock and LoginRadius, and writes each
event as one line to standard output. gateway dead lists, shows, retries or
deletes dead letters: events whose attempts all failed. gateway store move moves
a store to another place. gateway test-sinks sends an event to each sink, and
says what came back.

The flags of gateway can also be set by variables, such as GATEWAY_MAX_BODY for
-max-body, or by lines of the -config file, such as max-body 1000000. A flag on
the command line counts before its variable, and a variable before the file.

`)
	b.WriteString(environmentHelp())
	for _, g := range append(new(Settings).groups(), new(Dead).flags(), new(Move).flags()) {
		fmt.Fprintf(&b, "\n%s:\n", g.title)
		g.describe(&b)
	}
	_, _ = io.WriteString(w, b.String())
}

// environmentHelp returns the part of the help text that is about secrets.
func environmentHelp() string {
	var b strings.Builder
	b.WriteString("Secrets are set in the environment:\n")
	for _, v := range vendors.All {
		fmt.Fprintf(&b, "  %-20s %s\n", v.Variable.Name, v.Means)
	}
	b.WriteString(`  ADMIN_CREDENTIALS    user:password for the admin paths
  RAW_KEYS             keys of 32 bytes, hex or base64: the store keeps bodies,
                       sealed with the first key
  NATS_CREDS_FILE      path of a file with the credentials of a NATS user
`)
	variables, means := sinkVariables()
	for i, v := range variables {
		fmt.Fprintf(&b, "  %-20s %s\n", v.Name, means[i])
	}
	b.WriteString(`Separate values by commas. Or add _FILE to a name and set it to the path of a
file with one value a line. A vendor without its variable is not served.
`)
	return b.String()
}

// usageLine matches what goes into one line of 80 columns, indented.
var usageLine = regexp.MustCompile(`(.{1,74})(?: |$)`)

// describe writes the flags of a group.
func (g *group) describe(b *strings.Builder) {
	g.VisitAll(func(f *flag.Flag) {
		name, usage := flag.UnquoteUsage(f)
		if !slices.Contains([]string{"", "0", "0s", "false"}, f.DefValue) {
			usage += " (default " + strings.ToLower(f.DefValue) + ")"
		}
		fmt.Fprintf(b, "  -%s\n%s", strings.TrimSpace(f.Name+" "+name), usageLine.ReplaceAllString(usage, "      $1\n"))
	})
}
