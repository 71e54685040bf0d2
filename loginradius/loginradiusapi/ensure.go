package loginradiusapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// DefaultLimit is how many subscriptions LoginRadius allows: error 1085.
const DefaultLimit = 5

// EnsureOptions say what [Client.Ensure] may do. The zero value is careful.
type EnsureOptions struct {
	// DryRun changes nothing: the [Result] has the steps that would be taken.
	DryRun bool
	// Owns reports whether an existing subscription may be deleted if it is not wanted.
	// Nil means those whose TargetURL is that of a wanted one, so that nothing is deleted
	// that another service made. To move to another URL, or to delete all, say so:
	// see [Hosts] and [All]. It is not asked about integrations' subscriptions.
	Owns func(Subscription) bool
	// Limit is how many subscriptions the site may have, integrations' included. Zero
	// means [DefaultLimit]; less than zero means that LoginRadius shall decide.
	Limit int
}

// Hosts returns an Owns that owns what is sent to one of these hosts, such as
// "hooks.example.com" or "hooks.example.com:8443".
func Hosts(hosts ...string) func(Subscription) bool {
	return func(s Subscription) bool {
		u, err := url.Parse(s.TargetURL)
		return err == nil && slices.ContainsFunc(hosts, func(host string) bool { return strings.EqualFold(host, u.Host) })
	}
}

// All is an Owns that owns every subscription.
func All(Subscription) bool { return true }

// Ensure makes the subscriptions of the site those that are wanted. It creates what is
// missing, updates what differs, and deletes what is not wanted and owned. Wanted
// subscriptions are told apart by event and target URL.
//
// A setting that a wanted subscription does not mention, because it is empty or nil, is
// left as it is. IDs and dates are ignored. A password or token that LoginRadius does not
// return counts as equal: to replace one, call [Client.Update].
//
// Subscriptions of LoginRadius's integrations are never touched.
//
// Ensure changes nothing if a wanted subscription is not valid or is there twice, if
// LoginRadius does not know its event, if an integration has it, if what tells an existing
// one apart cannot be read, or if there would be more than Limit subscriptions: that error
// matches [ErrTooMany].
//
// Before it deletes anything, it updates and creates, so that no event is missed; it
// deletes first only where the limit forces it. What others did at the same time is no
// error: a subscription that exists when it is to be created, or is gone when it is to
// be deleted. The note of the step says so. Do not run it in two places at the same time
// all the same: together they may exceed what each of them counted.
//
// Ensure stops at the first error. The Result says what was done until then. It is nil
// only if the error came before the first step. To run Ensure again is safe.
func (c *Client) Ensure(ctx context.Context, want []Subscription, o EnsureOptions) (*Result, error) {
	want, err := c.wanted(ctx, want)
	if err != nil {
		return nil, err
	}
	existing, err := c.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	result, err := plan(want, existing, o)
	if err != nil || o.DryRun {
		return result, err
	}
	for i := range result.Steps {
		step := &result.Steps[i]
		if step.Err = c.take(ctx, step); step.Err != nil {
			return result, fmt.Errorf("loginradiusapi: cannot %s: %w", step.describe(), step.Err)
		}
		step.Done = true
	}
	return result, nil
}

// wanted checks what is wanted, and returns it with events as LoginRadius writes them.
func (c *Client) wanted(ctx context.Context, want []Subscription) ([]Subscription, error) {
	if len(want) == 0 {
		return nil, nil
	}
	seen := make(map[key]int)
	for i := range want {
		if err := want[i].check(fmt.Sprintf("want[%d]", i)); err != nil {
			return nil, err
		}
		k := keyOf(&want[i])
		if first, ok := seen[k]; ok {
			return nil, fmt.Errorf("loginradiusapi: want[%d] has the event and the target URL of want[%d]", i, first)
		}
		seen[k] = i
	}
	names, err := c.Events(ctx)
	if err != nil {
		return nil, err
	}
	want = slices.Clone(want)
	for i := range want {
		known := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, want[i].Event) })
		if known < 0 {
			return nil, fmt.Errorf("loginradiusapi: want[%d].Event %q is none of LoginRadius's events", i, want[i].Event)
		}
		want[i].Event = names[known]
	}
	return want, nil
}

// A key tells subscriptions apart.
type key struct{ event, target string }

func keyOf(s *Subscription) key { return key{strings.ToLower(s.Event), normalized(s.TargetURL)} }

// normalized returns a URL as others may write it.
func normalized(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return target
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

// plan returns the steps from the existing subscriptions to the wanted ones.
func plan(want, existing []Subscription, o EnsureOptions) (*Result, error) {
	r := new(Result)
	owns := o.Owns
	if owns == nil {
		owns = func(s Subscription) bool {
			return slices.ContainsFunc(want, func(w Subscription) bool { return normalized(w.TargetURL) == normalized(s.TargetURL) })
		}
	}
	wanted := make(map[key]*Subscription)
	for i := range want {
		wanted[keyOf(&want[i])] = &want[i]
	}
	var deletes []Step
	found := make(map[key]bool)
	for i, s := range existing {
		if field := s.unreadable(); field != "" {
			return nil, fmt.Errorf("loginradiusapi: existing subscription %d has no %s that can be read", i+1, field)
		}
		k := keyOf(&s)
		w := wanted[k]
		switch {
		case s.IsIntegrationWebhook:
			if w != nil {
				return nil, fmt.Errorf("loginradiusapi: an integration of LoginRadius's sends %s to a wanted target URL already", shown(s.Event))
			}
			r.Left = append(r.Left, s)
		case w != nil && !found[k]:
			found[k] = true
			step, err := update(s, w)
			if err != nil {
				return nil, err
			}
			if step == nil {
				r.Kept = append(r.Kept, s)
			} else {
				r.Steps = append(r.Steps, *step)
			}
		case owns(s):
			deletes = append(deletes, Step{Action: ActionDelete, Subscription: s})
		default:
			r.Left = append(r.Left, s)
		}
	}
	var creates []Step
	for _, w := range want {
		if !found[keyOf(&w)] {
			creates = append(creates, Step{Action: ActionCreate, Subscription: w})
		}
	}
	limit := o.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	if end := len(existing) - len(deletes) + len(creates); limit > 0 && end > limit && len(creates) > 0 {
		return nil, fmt.Errorf("%w: there would be %d, and the limit is %d; %d existing ones are not owned", ErrTooMany, end, limit, len(r.Left))
	}
	r.Steps = append(r.Steps, order(creates, deletes, len(existing), limit)...)
	return r, nil
}

// update returns the step that gives s the settings of want, or nil if it has them.
func update(s Subscription, want *Subscription) (*Step, error) {
	changed := s.differences(want)
	if changed == nil {
		return nil, nil
	}
	// Whether an update removes what it leaves out is not documented. So it has all that
	// is known.
	next := *want
	next.ID, next.TargetURL = s.ID, s.TargetURL
	for _, setting := range []struct{ to, from *string }{{&next.Name, &s.Name}, {&next.SecretName, &s.SecretName}} {
		if *setting.to == "" {
			*setting.to = *setting.from
		}
	}
	var lost string
	if next.Headers == nil {
		if next.Headers = s.Headers; hasUnknown(s.Headers) {
			lost = "Headers"
		}
	}
	if next.QueryParams == nil {
		if next.QueryParams = s.QueryParams; hasUnknown(s.QueryParams) {
			lost = "QueryParams"
		}
	}
	if next.Authentication == nil && s.Authentication != nil {
		lost = "Authentication"
	}
	if lost != "" {
		return nil, fmt.Errorf("loginradiusapi: to update %s of the subscription of %s to %s may remove its %s, which LoginRadius does not return in full: set that of the wanted one",
			strings.Join(changed, " and "), shown(s.Event), shownURL(s.TargetURL), lost)
	}
	return &Step{Action: ActionUpdate, Subscription: next, Changed: changed}, nil
}

// order returns creates before deletes, but where there is no room.
func order(creates, deletes []Step, count, limit int) []Step {
	// What frees room first is an event that nobody waits for any more.
	obsolete, moving := partition(deletes, func(d Step) bool { return !slices.ContainsFunc(creates, d.sameEvent) })
	var steps []Step
	for _, c := range creates {
		for limit > 0 && count >= limit && len(obsolete)+len(moving) > 0 {
			next := &obsolete
			if len(obsolete) == 0 {
				next = &moving
			}
			i := max(0, slices.IndexFunc(*next, c.sameEvent)) // what moves is created next
			steps = append(steps, (*next)[i])
			*next = slices.Delete(*next, i, i+1)
			count--
		}
		steps = append(steps, c)
		count++
	}
	return slices.Concat(steps, obsolete, moving)
}

func (s Step) sameEvent(other Step) bool {
	return strings.EqualFold(s.Subscription.Event, other.Subscription.Event)
}

func partition(steps []Step, first func(Step) bool) (yes, no []Step) {
	for _, s := range steps {
		if first(s) {
			yes = append(yes, s)
		} else {
			no = append(no, s)
		}
	}
	return yes, no
}

// take takes a step.
func (c *Client) take(ctx context.Context, step *Step) error {
	s := step.Subscription
	switch step.Action {
	case ActionCreate:
		created, err := c.Create(ctx, s)
		if errors.Is(err, ErrAlreadySubscribed) {
			// LoginRadius may take another URL for the same: that one must not be deleted.
			all, listErr := c.Webhooks(ctx)
			if listErr != nil {
				return listErr
			}
			if !slices.ContainsFunc(all, func(other Subscription) bool { return keyOf(&other) == keyOf(&s) }) {
				return err
			}
			step.Note = "exists already; its settings were not compared"
			return nil
		}
		if err != nil {
			return err
		}
		step.Subscription.ID = created.ID
		return c.settle(ctx, created, &s, true)
	case ActionUpdate:
		updated, err := c.Update(ctx, s.ID, s)
		if err != nil {
			return err
		}
		updated.ID = s.ID // an answer may have none
		return c.settle(ctx, updated, &s, false)
	default:
		err := c.Delete(ctx, s.ID)
		if errors.Is(err, ErrNotFound) {
			step.Note = "was gone already"
			return nil
		}
		return err
	}
}

// settle makes sure that a subscription has the settings that it was sent. An answer may
// have a part of them, and LoginRadius may take some in an update only.
func (c *Client) settle(ctx context.Context, got, want *Subscription, mayUpdate bool) (err error) {
	if got.differences(want) == nil {
		return nil
	}
	if got.ID == "" {
		return errors.New("the answer has no ID and other settings than were sent")
	}
	id := got.ID
	if got, err = c.Get(ctx, id); err != nil {
		return err
	}
	if got.differences(want) != nil && mayUpdate {
		if _, err := c.Update(ctx, id, *want); err != nil {
			return err
		}
		if got, err = c.Get(ctx, id); err != nil {
			return err
		}
	}
	if lost := got.differences(want); lost != nil {
		return fmt.Errorf("LoginRadius did not take over: %s", strings.Join(lost, ", "))
	}
	return nil
}
