package detections

import (
	"fmt"
	"slices"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// names are the accounts of a company.
var names = []string{
	"ada", "bo", "chloe", "deniz", "emre", "fatou", "greta", "hana", "ivan", "jun",
	"kofi", "lena", "mateo", "nour", "olga", "pablo", "quinn", "rosa", "sami", "tove",
}

// Where the people of the company live. Relock sends a code.
const home, homeCode = "Norway", "NO"

func desk(i int) string   { return fmt.Sprintf("192.0.2.%d", 10+i) }
func laptop(i int) string { return fmt.Sprintf("198.51.100.%d", 10+i) }
func uid(i int) string    { return fmt.Sprintf("u-%d", 1000+i) } // at Relock and LoginRadius

// Week returns what the vendors report in five days at the company, in the order of time.
// People mistype passwords and lock their screens, but nothing in it is an attack.
func Week(monday time.Time) (reports []Report) {
	for day := range 5 {
		for i := range names {
			reports = append(reports, workday(monday.AddDate(0, 0, day), day, i)...)
		}
	}
	slices.SortStableFunc(reports, func(a, b Report) int { return a.Time.Compare(b.Time) })
	return reports
}

// workday is a day of one person.
func workday(midnight time.Time, day, i int) (reports []Report) {
	at := func(hour, minute int) time.Time { // nobody is as punctual as that
		return midnight.Add(time.Duration(hour)*time.Hour + time.Duration(minute+(7*i+11*day)%20)*time.Minute)
	}
	reports = append(reports, door(at(7, 30), i))
	if (i+day)%5 == 0 { // mistyped
		reports = append(reports, refused(userlock.Vendor, at(8, 0), i, desk(i))...)
		reports = append(reports, refused(relock.Vendor, at(9, 10), i, laptop(i))...)
	}
	return append(reports,
		windows(at(8, 1), "1", i, desk(i), ""), // the codes of UserLock's database reference
		loggedOn(loginradius.Vendor, at(9, 0), i, laptop(i), home),
		loggedOn(relock.Vendor, at(9, 11), i, laptop(i), homeCode),
		loggedOn(userlock.Vendor, at(10, 0), i, laptop(i), home),
		windows(at(12, 0), "2", i, desk(i), ""),
		windows(at(12, 30), "3", i, desk(i), ""),
		windows(at(16, 30), "0", i, desk(i), ""),
	)
}

// door is somebody who comes in.
func door(t time.Time, i int) Report {
	return Report{unloc.Vendor, t, &unloc.AccessEvent{
		ID: fmt.Sprintf("%d-%d", t.Unix(), i), Action: "unlocked", Created: t, LockID: "door-1", LockName: "Office, main door",
		AppUserID: event.Text(fmt.Sprintf("+155555501%02d", i)), UserName: names[i],
	}}
}

// windows is an event of UserLock. It sends a country with sessions from elsewhere only.
func windows(t time.Time, code event.Text, i int, from, country string) Report {
	return Report{userlock.Vendor, t, &userlock.Notification{
		EventType: code, EventTime: t, UserAccount: names[i], UserDomain: "EXAMPLE",
		ComputerName: fmt.Sprintf("DESK-%d", 10+i), ClientAddress: from, Country: country,
	}}
}

// loggedOn is a logon from elsewhere.
func loggedOn(vendor string, t time.Time, i int, from, country string) Report {
	switch vendor {
	case userlock.Vendor:
		return windows(t, "501", i, from, country)
	case relock.Vendor:
		return Report{vendor, t, &relock.AuthenticationSucceeded{
			UserID: uid(i), SessionID: fmt.Sprintf("s-%d-%d", t.Unix(), i), Timestamp: t,
			IPAddress: from, Location: relock.Location{Country: country},
		}}
	default: // LoginRadius does not report the address
		return Report{vendor, t, &loginradius.Hook{HookName: "login", Time: t, Profile: &loginradius.Profile{
			UID: uid(i), UserName: names[i], Identity: loginradius.Identity{LocalCountry: country},
		}}}
	}
}

// refused is a refused logon, if the vendor reports such.
func refused(vendor string, t time.Time, i int, from string) []Report {
	switch vendor {
	case userlock.Vendor:
		return []Report{windows(t, "20", i, from, "")} // by Active Directory
	case relock.Vendor:
		return []Report{{vendor, t, &relock.AuthenticationFailed{
			UserID: uid(i), Timestamp: t, Reason: "device_not_trusted", IPAddress: from,
		}}}
	default:
		return nil
	}
}
