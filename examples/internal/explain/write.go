package explain

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"
)

// Write writes the report for people: a step in a line, then the cause.
func (r Report) Write(w io.Writer) error {
	var b bytes.Buffer
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	for _, s := range r.Steps {
		mark := "✗"
		if s.OK {
			mark = "✓"
		}
		fmt.Fprintf(&b, "%s %s\n", mark, s.Text)
	}
	switch {
	case r.Accepted:
		fmt.Fprintf(&b, "\nThe request would be accepted.\n")
	case r.Answered != 0:
		fmt.Fprintf(&b, "\nThe request was answered %d when it came.\n", r.Answered)
	default:
		fmt.Fprintf(&b, "\nThe request would be refused.\n")
	}
	if r.Cause != "" {
		fmt.Fprintf(&b, "Cause: %s\n", r.Cause)
	}
	if r.Advice != "" {
		fmt.Fprintf(&b, "What to do: %s\n", r.Advice)
	}
	if len(r.Recorded) > 0 {
		fmt.Fprintf(&b, "\nWhat was found out when it came:\n")
		for _, note := range r.Recorded {
			fmt.Fprintf(&b, "  %s\n", note)
		}
	}
	if len(r.Fields) > 0 {
		fmt.Fprintf(&b, "\nFields of the body:\n")
		table := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
		fmt.Fprintf(table, "  NAME\tLOOKS LIKE\tTAKEN FOR\n")
		for _, f := range r.Fields {
			taken := f.Taken
			if taken == "" {
				taken = "nothing. " + f.Why
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\n", f.Name, f.Value, taken)
		}
		_ = table.Flush() // to memory
	}
	if r.Aliases != "" {
		fmt.Fprintf(&b, "\nTo read more of them, set in userlock.Config:\n\n%s\n", r.Aliases)
	}
	_, err := w.Write(b.Bytes())
	return err
}
