package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

const serverID = "6f1c2b1e-0d35-4b7a-9a55-0c1d2e3f4a5b"

// decode makes the event of a payload as the gateway does: sent as the vendor sends it,
// and decoded.
func decode(t *testing.T, payload any) *event.Event {
	t.Helper()
	var (
		r    *http.Request
		err  error
		read func([]byte) (*event.Event, error)
		ctx  = context.Background()
		url  = "http://127.0.0.1/"
	)
	switch payload.(type) {
	case *userlock.Notification:
		read = userlock.Decode
		r, err = userlock.NewRequest(ctx, url, serverID, payload)
	case *unloc.AccessEvent:
		read = unloc.Decode
		r, err = unloc.NewRequest(ctx, url, "unloc", "for-this-test-only", payload)
	case *loginradius.Hook:
		read = loginradius.Decode
		r, err = loginradius.NewRequest(ctx, url, "for-this-test-only", payload)
	default:
		read = relock.Decode
		r, err = relock.NewRequest(ctx, url, "for-this-test-only", payload)
	}
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	e, err := read(body)
	require.NoError(t, err)
	e.Source, e.Received = e.Vendor, time.Now()
	return e
}

// door returns an Unloc event whose door has a name that tells it from others.
func door(t *testing.T, name string) *event.Event {
	t.Helper()
	return decode(t, &unloc.AccessEvent{
		ID: "id-" + name, Action: "unlocked", Created: time.Now(), LockID: "lock-" + name, LockName: name, UserName: "Ada Okoye",
	})
}

// doors returns events with names that count up from begin.
func doors(t *testing.T, begin, count int) []*event.Event {
	t.Helper()
	var events []*event.Event
	for i := range count {
		events = append(events, door(t, fmt.Sprintf("d%05d", begin+i)))
	}
	return events
}

// day returns events of all vendors as a small company has them, oldest first. All
// persons, doors and addresses are invented.
func day(t *testing.T) []*event.Event {
	t.Helper()
	now := time.Now()
	at := func(seconds int) time.Time { return now.Add(time.Duration(seconds-600) * time.Second) }
	logon := func(s int, code event.Text, account, name, computer, address string) any {
		return &userlock.Notification{
			EventType: code, EventTime: at(s), UserAccount: account, UserDomain: "NORDFJELL", UserFullName: name,
			ComputerName: computer, ClientName: computer, ClientAddress: address, SessionID: event.Text(fmt.Sprintf("7F%04X", s)),
		}
	}
	unlock := func(s int, action, lock, phone, name string) any {
		return &unloc.AccessEvent{
			ID: fmt.Sprintf("3c0f5f0e-77d1-4f6e-8a5e-%012d", s), Action: action, Created: at(s), KeyID: "0b5f4a52-6f0e-4d0c-9d5b-9a1a3c1f7e02",
			LockID: "6a1d9a1c-58a4-4b39-8c0e-2f7f5d0b9c11", LockName: lock, AppUserID: event.Text(phone), UserName: name,
		}
	}
	oslo := relock.Location{Country: "NO", City: "Oslo", Timezone: "Europe/Oslo"}
	porto := relock.Location{Country: "PT", City: "Porto", Timezone: "Europe/Lisbon"}
	hook := func(s int, name, uid, user, full, mail, city, country string) any {
		return &loginradius.Hook{
			HookName: name, Time: at(s), HookID: fmt.Sprintf("hook-%d", s),
			Profile: &loginradius.Profile{
				UID: uid, UserName: user, Password: event.NewSecret("a-hash-that-is-masked"),
				Identity: loginradius.Identity{
					ID: uid, Provider: "Email", FullName: full, LocalCity: city, LocalCountry: country,
					Email: []loginradius.Email{{Type: "Primary", Value: mail}},
				},
			},
		}
	}
	var events []*event.Event
	for _, payload := range []any{
		unlock(20, "unlocked", "Main entrance", "+4755550101", "Ingrid Solheim"),
		logon(38, "1", "isolheim", "Ingrid Solheim", "DESK-04", "192.0.2.24"),
		hook(55, "login", "u-2210", "mara", "Mara Lindqvist", "mara@example.com", "Gothenburg", "Sweden"),
		&relock.DeviceRegistered{
			DeviceID: "d-310", UserID: "u-1042", Timestamp: at(76), IPAddress: "192.0.2.90", Location: oslo,
			DeviceInfo: relock.DeviceInfo{Name: "Jonas's laptop", Type: "desktop", OS: "macOS 15", Browser: "Safari"},
		},
		&relock.AuthenticationSucceeded{
			UserID: "u-1042", SessionID: "s-881", DeviceID: "d-310", Timestamp: at(81), IPAddress: "192.0.2.90", Location: oslo,
		},
		logon(110, "4", "kbrandt", "Kai Brandt", "LAB-11", "192.0.2.61"),
		unlock(137, "viewedCode", "Server room", "+4755550117", "Tomasz Wilk"),
		hook(160, "register", "u-2211", "noor", "Noor Haddad", "noor@example.org", "Utrecht", "Netherlands"),
		hook(171, "emailverification", "u-2211", "noor", "Noor Haddad", "noor@example.org", "Utrecht", "Netherlands"),
		logon(205, "201", "twilk", "Tomasz Wilk", "VPN-GW-1", "02-00-5E-10-00-24"),
		unlock(240, "unlocked", "Loading dock, north gate", "+4755550122", "Sofia Ferreira"),
		logon(262, "2", "isolheim", "Ingrid Solheim", "DESK-04", "192.0.2.24"),
		hook(330, "blockaccount", "u-2204", "felix", "Felix Arnaud", "felix@example.net", "Lyon", "France"),
		logon(371, "3", "isolheim", "Ingrid Solheim", "DESK-04", "192.0.2.24"),
		unlock(402, "locked", "Loading dock, north gate", "+4755550122", "Sofia Ferreira"),
		hook(421, "changepassword", "u-2210", "mara", "Mara Lindqvist", "mara@example.com", "Gothenburg", "Sweden"),
		logon(450, "20", "svc-backup", "Backup service", "DC-02", "192.0.2.5"),
		&relock.SessionEnded{SessionID: "s-881", UserID: "u-1042", DeviceID: "d-310", Timestamp: at(488), Reason: "user_logout", Duration: 407},
		hook(512, "assignroles", "u-2211", "noor", "Noor Haddad", "noor@example.org", "Utrecht", "Netherlands"),
		&relock.AuthenticationFailed{
			UserID: "u-1042", SessionID: "s-882", Timestamp: at(531), Reason: "device_not_trusted", IPAddress: "198.51.100.9", Location: porto,
		},
		&relock.SecurityAlert{
			AlertID: "a-19", UserID: "u-1042", AlertType: "suspicious_activity", Severity: "high", Timestamp: at(533),
			Description: "Logons from Oslo and Porto within four minutes", IPAddress: "198.51.100.9", Location: porto,
			Details: json.RawMessage(`{"attempts":4,"firstSeen":"192.0.2.90"}`),
		},
		unlock(547, "unlocked", "Main entrance", "+4755550130", "Kai Brandt"),
		logon(590, "1", "kbrandt", "Kai Brandt", "LAB-11", "192.0.2.61"),
	} {
		e := decode(t, payload)
		e.Received = e.Time.Add(200 * time.Millisecond)
		events = append(events, e)
	}
	return events
}
