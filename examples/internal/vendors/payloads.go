package vendors

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

const browser = "Mozilla/5.0 (Macintosh) Safari/605.1.15"

// A person is somebody invented.
type person struct {
	account, name, email, phone string
	city, country, code, zone   string
}

var people = []person{
	{"aokoye", "Ada Okoye", "ada@example.com", "+15555550123", "Oslo", "Norway", "NO", "Europe/Oslo"},
	{"blind", "Bo Lind", "bo@example.com", "+15555550145", "Malmö", "Sweden", "SE", "Europe/Stockholm"},
	{"cmoreau", "Chloé Moreau", "chloe@example.com", "+15555550167", "Lyon", "France", "FR", "Europe/Paris"},
	{"dkaya", "Deniz Kaya", "deniz@example.com", "+15555550189", "Izmir", "Türkiye", "TR", "Europe/Istanbul"},
}

func userLockEvents(now time.Time) []any {
	sessions := []struct {
		id, computer, client string
		who                  person
		codes                []event.Text // of UserLock's database reference
	}{
		{"7F0001", "DESK-21", "192.0.2.21", people[0], []event.Text{"20", "4", "1", "2", "3", "6", "5", "0"}},
		{"7F0002", "TERMINAL-2", "192.0.2.22", people[1], []event.Text{"420"}},
		{"7F0003", "WEB-3", "192.0.2.23", people[2], []event.Text{"120", "104", "101", "100"}},            // IIS
		{"7F0004", "LAPTOP-24", "02-00-5E-10-00-24", people[3], []event.Text{"220", "204", "201", "200"}}, // Wi-Fi: a MAC address
		{"7F0005", "PHONE-25", "192.0.2.25", people[1], []event.Text{"504", "501", "500"}},                // SaaS
	}
	var events []any
	for _, s := range sessions {
		for _, code := range s.codes {
			events = append(events, &userlock.Notification{
				EventType:     code,
				EventTime:     now,
				UserAccount:   s.who.account,
				UserDomain:    "EXAMPLE",
				UserFullName:  s.who.name,
				ComputerName:  s.computer,
				ClientName:    s.computer,
				ClientAddress: s.client,
				SessionID:     event.Text(s.id),
			})
		}
	}
	return events
}

func unlocEvents(now time.Time) []any {
	var events []any
	for i, action := range []string{"unlocked", "locked", "viewedCode"} {
		events = append(events, &unloc.AccessEvent{
			ID:        RandomGUID(),
			Action:    action,
			Created:   now,
			KeyID:     "0b5f4a52-6f0e-4d0c-9d5b-9a1a3c1f7e02",
			LockID:    "6a1d9a1c-58a4-4b39-8c0e-2f7f5d0b9c11",
			LockName:  "Warehouse, east door",
			AppUserID: event.Text(people[i/2].phone),
			UserName:  people[i/2].name,
		})
	}
	return events
}

func relockEvents(now time.Time) []any {
	const address, user, device, session = "192.0.2.33", "u-1042", "d-77", "s-3051"
	place := relock.Location{Country: people[0].code, City: people[0].city, Timezone: people[0].zone}
	return []any{
		&relock.DeviceRegistered{
			DeviceID: device, UserID: user, Timestamp: now, IPAddress: address, Location: place,
			DeviceInfo: relock.DeviceInfo{Name: "Ada's laptop", Type: "desktop", OS: "macOS 15", Browser: "Safari"},
		},
		&relock.AuthenticationSucceeded{
			UserID: user, SessionID: session, DeviceID: device, Timestamp: now,
			IPAddress: address, UserAgent: browser, Location: place,
		},
		&relock.SessionCreated{
			SessionID: session, UserID: user, DeviceID: device, Timestamp: now,
			ExpiresAt: now.Add(time.Hour), IPAddress: address, UserAgent: browser,
		},
		&relock.AuthenticationFailed{
			UserID: user, SessionID: session, Timestamp: now, Reason: "device_not_trusted",
			IPAddress: "198.51.100.9", UserAgent: browser, Location: place,
		},
		&relock.SecurityAlert{
			AlertID: "a-9", UserID: user, AlertType: "suspicious_activity", Severity: "high",
			Description: "Logons from two continents within a minute", Timestamp: now,
			IPAddress: "198.51.100.9", Location: place, Details: json.RawMessage(`{"attempts":4}`),
		},
		&relock.SessionEnded{
			SessionID: session, UserID: user, DeviceID: device, Timestamp: now,
			Reason: "user_logout", Duration: 840,
		},
		&relock.DeviceRevoked{
			DeviceID: device, UserID: user, Reason: "user_requested", Timestamp: now, RevokedBy: user,
		},
	}
}

func loginRadiusEvents(now time.Time) []any {
	var events []any
	for i, name := range []string{
		"register", "createtraditionalaccount", "login", "updateprofile", "setusername", "updateuid",
		"blockaccount", "deleteaccount", "linkaccount", "unlinkaccount", "consentprofileupdate",
		"setpassword", "changepassword", "resetpassword", "setpin", "changepin", "resetpin",
		"addemail", "emailverification", "invalidateemailverification",
		"updatephoneid", "verifyphonenumber", "invalidatephoneverification", "removephoneid",
		"assignroles", "unassignroles", "removerolecontext", "removeemail",
		"createcustomobject", "updatecustomobject", "deletecustomobject",
	} {
		p := people[i%len(people)]
		hook := &loginradius.Hook{HookName: name, Time: now, HookID: RandomGUID()}
		if strings.HasSuffix(name, "customobject") {
			hook.Object = &loginradius.CustomObject{
				ID: "object-5", UID: p.account, IsActive: true, DateCreated: now, DateModified: now,
				CustomObject: json.RawMessage(`{"newsletter":"weekly"}`),
			}
		} else {
			hook.Profile = profile(p)
		}
		if name == "removeemail" {
			hook.RemovedEmail = "old." + p.email
		}
		events = append(events, hook)
	}
	return events
}

func profile(p person) *loginradius.Profile {
	return &loginradius.Profile{
		UID:           p.account,
		UserName:      p.account,
		PhoneID:       p.phone,
		EmailVerified: true,
		IsActive:      true,
		Password:      event.NewSecret("a-hash"), // written as [redacted]
		Identity: loginradius.Identity{
			ID:           p.account,
			Provider:     "Email",
			FullName:     p.name,
			Email:        []loginradius.Email{{Type: "Primary", Value: p.email}},
			LocalCity:    p.city,
			LocalCountry: p.country,
		},
	}
}

// RandomGUID returns a random UUID, version 4.
func RandomGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
