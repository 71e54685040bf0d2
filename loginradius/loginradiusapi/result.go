package loginradiusapi

import (
	"fmt"
	"strings"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// An Action is what a [Step] does.
type Action string

// Actions of steps.
const (
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionDelete Action = "delete"
)

// A Result says what [Client.Ensure] did, or would do. The order of Steps is that in
// which they are taken.
type Result struct {
	Steps []Step
	// Kept are wanted and need no change.
	Kept []Subscription
	// Left are neither wanted nor owned, or are of integrations.
	Left []Subscription
}

// A Step changes one subscription.
type Step struct {
	Action Action
	// Subscription is the wanted one, or the one to delete. It has an ID once it exists.
	Subscription Subscription
	// Changed names the settings that an update changes.
	Changed []string
	// Done is false in a dry run, for the step that failed, and for those after it.
	Done bool
	// Note says what was found to be otherwise than planned: somebody else changed
	// subscriptions at the same time.
	Note string
	// Err is why the step failed. After an error that is not an [*Error] with a Status of
	// 400 to 499, LoginRadius may have taken it, or a part of it.
	Err error `json:"-"`
}

// String returns a line for each step, and how many subscriptions stay as they are. It
// has no secrets.
//
//	create Login to https://hooks.example.com/webhooks/loginradius: done
//	unchanged: 2, not owned: 1
func (r *Result) String() string {
	var b strings.Builder
	for i := range r.Steps {
		step := &r.Steps[i]
		b.WriteString(step.describe())
		switch {
		case step.Err != nil:
			b.WriteString(": failed")
		case step.Done && step.Note != "":
			b.WriteString(": " + step.Note)
		case step.Done:
			b.WriteString(": done")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "unchanged: %d, not owned: %d\n", len(r.Kept), len(r.Left))
	return b.String()
}

func (s *Step) describe() string {
	text := fmt.Sprintf("%s %s to %s", s.Action, shown(s.Subscription.Event), shownURL(s.Subscription.TargetURL))
	if len(s.Changed) > 0 {
		text += " (" + strings.Join(s.Changed, ", ") + ")"
	}
	return text
}

func shown(s string) string { return jsonappend.Visible(s) }

// shownURL leaves out what may be a credential.
func shownURL(target string) string {
	target, query, has := strings.Cut(target, "?")
	if has && query != "" {
		target += "?[redacted]"
	}
	if scheme, rest, ok := strings.Cut(target, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		if at := strings.LastIndex(host, "@"); at >= 0 {
			target = scheme + "://[redacted]" + rest[at:]
		}
	}
	return shown(target)
}
