package main

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// The demo sends every event that the vendors document, about invented people and doors.

const (
	demoUserID    = "u-1042"
	demoDeviceID  = "d-77"
	demoSessionID = "s-3051"
	demoBrowser   = "Mozilla/5.0 (Macintosh) Safari/605.1.15"

	demoPasswordHash = "a-hash-that-must-not-be-written"
)

func userLockEvents(now time.Time) []*userlock.Notification {
	sessions := []struct {
		id, client string
		codes      []event.Text // of UserLock's database reference
	}{
		{"7F0001", "192.0.2.21", []event.Text{"20", "4", "1", "2", "3", "6", "5", "0"}}, // at a computer
		{"7F0002", "192.0.2.22", []event.Text{"420"}},                                   // on a terminal server
		{"7F0003", "192.0.2.23", []event.Text{"120", "104", "101", "100"}},              // IIS
		{"7F0004", "02-00-5E-10-00-24", []event.Text{"220", "204", "201", "200"}},       // Wi-Fi: a MAC address
		{"7F0005", "192.0.2.25", []event.Text{"504", "501", "500"}},                     // SaaS
	}
	var events []*userlock.Notification
	for _, s := range sessions {
		for _, code := range s.codes {
			events = append(events, &userlock.Notification{
				EventType:     code,
				EventTime:     now,
				UserAccount:   "aokoye",
				UserDomain:    "EXAMPLE",
				UserFullName:  "Ada Okoye",
				ComputerName:  "DESK-21",
				ClientName:    "DESK-21",
				ClientAddress: s.client,
				SessionID:     event.Text(s.id),
			})
		}
	}
	return events
}

func unlocEvents(now time.Time) []*unloc.AccessEvent {
	var events []*unloc.AccessEvent
	for _, action := range []string{"unlocked", "locked", "viewedCode"} {
		events = append(events, &unloc.AccessEvent{
			ID:        randomGUID(),
			Action:    action,
			Created:   now,
			KeyID:     "0b5f4a52-6f0e-4d0c-9d5b-9a1a3c1f7e02",
			LockID:    "6a1d9a1c-58a4-4b39-8c0e-2f7f5d0b9c11",
			LockName:  "Warehouse, east door",
			AppUserID: "+15555550123",
			UserName:  "Ada Okoye",
		})
	}
	return events
}

func relockEvents(now time.Time) []any {
	const address = "192.0.2.33"
	place := relock.Location{Country: "NO", City: "Oslo", Timezone: "Europe/Oslo"}
	return []any{
		&relock.DeviceRegistered{
			DeviceID: demoDeviceID, UserID: demoUserID, Timestamp: now, IPAddress: address, Location: place,
			DeviceInfo: relock.DeviceInfo{Name: "Ada's laptop", Type: "desktop", OS: "macOS 15", Browser: "Safari"},
		},
		&relock.AuthenticationSucceeded{
			UserID: demoUserID, SessionID: demoSessionID, DeviceID: demoDeviceID, Timestamp: now,
			IPAddress: address, UserAgent: demoBrowser, Location: place,
		},
		&relock.SessionCreated{
			SessionID: demoSessionID, UserID: demoUserID, DeviceID: demoDeviceID, Timestamp: now,
			ExpiresAt: now.Add(time.Hour), IPAddress: address, UserAgent: demoBrowser,
		},
		&relock.AuthenticationFailed{
			UserID: demoUserID, SessionID: demoSessionID, Timestamp: now, Reason: "device_not_trusted",
			IPAddress: "198.51.100.9", UserAgent: demoBrowser, Location: place,
		},
		&relock.SecurityAlert{
			AlertID: "a-9", UserID: demoUserID, AlertType: "suspicious_activity", Severity: "high",
			Description: "Logons from two continents within a minute", Timestamp: now,
			IPAddress: "198.51.100.9", Location: place, Details: json.RawMessage(`{"attempts":4}`),
		},
		&relock.SessionEnded{
			SessionID: demoSessionID, UserID: demoUserID, DeviceID: demoDeviceID, Timestamp: now,
			Reason: "user_logout", Duration: 840,
		},
		&relock.DeviceRevoked{
			DeviceID: demoDeviceID, UserID: demoUserID, Reason: "user_requested", Timestamp: now, RevokedBy: demoUserID,
		},
	}
}

func loginRadiusEvents(now time.Time) []*loginradius.Hook {
	var events []*loginradius.Hook
	for _, name := range []string{
		"register", "createtraditionalaccount", "login", "updateprofile", "setusername", "updateuid",
		"blockaccount", "deleteaccount", "linkaccount", "unlinkaccount", "consentprofileupdate",
		"setpassword", "changepassword", "resetpassword", "setpin", "changepin", "resetpin",
		"addemail", "emailverification", "invalidateemailverification",
		"updatephoneid", "verifyphonenumber", "invalidatephoneverification", "removephoneid",
		"assignroles", "unassignroles", "removerolecontext",
	} {
		events = append(events, &loginradius.Hook{
			HookName: name, Time: now, HookID: randomGUID(), Profile: loginRadiusProfile(),
		})
	}
	events = append(events, &loginradius.Hook{
		HookName: "removeemail", Time: now, HookID: randomGUID(), Profile: loginRadiusProfile(),
		RemovedEmail: "ada.old@example.com",
	})
	for _, name := range []string{"createcustomobject", "updatecustomobject", "deletecustomobject"} {
		events = append(events, &loginradius.Hook{
			HookName: name, Time: now, HookID: randomGUID(),
			Object: &loginradius.CustomObject{
				ID: "object-5", UID: demoUserID, IsActive: true, DateCreated: now, DateModified: now,
				CustomObject: json.RawMessage(`{"newsletter":"weekly"}`),
			},
		})
	}
	return events
}

func loginRadiusProfile() *loginradius.Profile {
	return &loginradius.Profile{
		UID:           demoUserID,
		UserName:      "ada",
		PhoneID:       "+15555550123",
		EmailVerified: true,
		IsActive:      true,
		Password:      event.NewSecret(demoPasswordHash), // written as [redacted]
		Identity: loginradius.Identity{
			ID:           demoUserID,
			Provider:     "Email",
			FullName:     "Ada Okoye",
			Email:        []loginradius.Email{{Type: "Primary", Value: "ada@example.com"}},
			LocalCity:    "Oslo",
			LocalCountry: "Norway",
		},
	}
}
