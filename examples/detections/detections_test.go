package detections_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/detections"
)

var (
	monday = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	friday = monday.AddDate(0, 0, 4)
)

const attacker = "203.0.113.66"

// rules are the published detections. Each names what it has found: finds has that for
// every vendor whose events are enough for it.
var rules = []struct {
	title  string
	encode encoder
	found  func([]document) []string
	attack detections.Attack
	finds  map[string]string
}{
	{
		"Elastic eb079c62: an alert", inECS, externalAlert, detections.Alert,
		map[string]string{"relock": "high: Security alert about u-1003 from 203.0.113.66: Many devices were refused."},
	},
	{
		"Elastic 99dcf974: many refused logons", inECS, failedSpike, detections.BruteForce,
		map[string]string{"userlock": "Friday 12:00", "relock": "Friday 12:00"},
	},
	{
		"Elastic 99dcf974: many refused users", inECS, failedSpike, detections.Spray,
		map[string]string{"userlock": "Friday 15:00", "relock": "Friday 15:00"},
	},
	{
		"Elastic e26aed74: many logons from one address", inECS, sourceSpike, detections.ManyAccounts,
		map[string]string{"userlock": attacker, "relock": attacker},
	},
	{
		"Elastic 745b0119: an unusual hour", inECS, rareHour, detections.Night,
		map[string]string{"userlock": "deniz", "relock": "u-1003", "loginradius": "deniz"},
	},
	{
		"Elastic d4b73fa0: an unusual address", inECS, rareSource, detections.NewAddress,
		map[string]string{"userlock": "deniz", "relock": "u-1003"},
	},
	{
		"Sentinel a6c435a2: guessing a password", inASIM, bruteForce, detections.BruteForce,
		map[string]string{"userlock": `EXAMPLE\deniz`, "relock": "u-1003"},
	},
	{
		"Sentinel 6a2e2ff4: one address, many users", inASIM, passwordSpray, detections.Spray,
		map[string]string{"userlock": attacker},
	},
	{
		"Sentinel 09ec8fa2: two countries", inASIM, twoCountries, detections.TwoCountries,
		map[string]string{"userlock": `EXAMPLE\deniz`, "relock": "u-1003", "loginradius": "deniz"},
	},
	{
		"Panther BruteForceByUser", inECS, bruteForceByUser, detections.BruteForce,
		map[string]string{"userlock": "deniz", "relock": "u-1003"},
	},
	{
		"Panther BruteForceByIP", inECS, bruteForceByIP, detections.BruteForce,
		map[string]string{"userlock": "deniz", "relock": "u-1003"},
	},
}

// reporters are the vendors that report logons. Unloc's locks do not.
var reporters = []string{"userlock", "relock", "loginradius"}

// Each attack is found in what one vendor reports of it and of the week in which it
// happens, if its events are enough for the rule.
func TestAttacks(t *testing.T) {
	week := events(t, detections.Week(monday))
	for _, rule := range rules {
		for _, vendor := range reporters {
			t.Run(rule.title+"/"+vendor, func(t *testing.T) {
				reported := slices.DeleteFunc(slices.Clone(week), func(e *event.Event) bool { return e.Vendor != vendor })
				reported = append(reported, events(t, rule.attack(vendor, friday))...)
				slices.SortStableFunc(reported, func(a, b *event.Event) int { return a.Time.Compare(b.Time) })
				var want []string
				if finds := rule.finds[vendor]; finds != "" {
					want = []string{finds}
				}
				assert.Equal(t, want, rule.found(rule.encode(t, reported)))
			})
		}
	}
}

// In a week without an attack, all vendors together, no rule finds anything.
func TestWeek(t *testing.T) {
	week := events(t, detections.Week(monday))
	seen := make(map[string]int)
	for _, e := range week {
		seen[fmt.Sprint(e.Vendor, " ", e.Type)]++
	}
	assert.Equal(t, map[string]int{
		"userlock session.started": 200, "userlock session.ended": 100, "userlock session.locked": 100, "userlock session.unlocked": 100,
		"userlock authentication.failed": 20, "relock authentication.failed": 20,
		"relock authentication.succeeded": 100, "loginradius authentication.succeeded": 100, "unloc lock.unlocked": 100,
	}, seen)
	for _, rule := range rules {
		t.Run(rule.title, func(t *testing.T) {
			docs := rule.encode(t, week)
			require.NotEmpty(t, docs)
			assert.Empty(t, rule.found(docs))
		})
	}
}

func events(t *testing.T, reports []detections.Report) []*event.Event {
	t.Helper()
	events, err := detections.Events(t.Context(), reports)
	require.NoError(t, err)
	return events
}

// The package comment has the table of what TestAttacks finds.
func TestPackageComment(t *testing.T) {
	var table strings.Builder
	row := func(cells ...string) {
		line := fmt.Sprintf("//\t%-47s %-9s %-7s %s", cells[0], cells[1], cells[2], cells[3])
		table.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	row(append([]string{"rule"}, reporters...)...)
	for _, rule := range rules {
		cells := []string{rule.title}
		for _, vendor := range reporters {
			cell := ""
			if rule.finds[vendor] != "" {
				cell = "yes"
			}
			cells = append(cells, cell)
		}
		row(cells...)
	}
	comment, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	assert.Contains(t, string(comment), table.String())
}
