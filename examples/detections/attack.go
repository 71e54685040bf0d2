package detections

import (
	"time"

	"github.com/accesshook/accesshook/relock"
)

const (
	victim   = 3 // of names
	attacker = "203.0.113.66"
)

// An Attack returns what a vendor reports of an attack on the day that begins at midnight.
// It is nothing if the vendor does not report such events.
type Attack func(vendor string, midnight time.Time) []Report

// BruteForce is somebody who tries passwords of one account until one fits.
func BruteForce(vendor string, midnight time.Time) (reports []Report) {
	noon := midnight.Add(12 * time.Hour)
	for n := range 24 {
		reports = append(reports, refused(vendor, noon.Add(time.Duration(n)*30*time.Second), victim, attacker)...)
	}
	return append(reports, loggedOn(vendor, noon.Add(13*time.Minute), victim, attacker, ""))
}

// Spray is one address from which a password is tried with every account.
func Spray(vendor string, midnight time.Time) (reports []Report) {
	afternoon := midnight.Add(15 * time.Hour)
	for i := range names {
		reports = append(reports, refused(vendor, afternoon.Add(time.Duration(i)*10*time.Second), i, attacker)...)
	}
	return reports
}

// TwoCountries is an account that is used in two countries within an hour.
func TwoCountries(vendor string, midnight time.Time) []Report {
	from, to := home, "Brazil"
	if vendor == relock.Vendor {
		from, to = homeCode, "BR"
	}
	return []Report{
		loggedOn(vendor, midnight.Add(13*time.Hour), victim, laptop(victim), from),
		loggedOn(vendor, midnight.Add(14*time.Hour), victim, attacker, to),
	}
}

// Night is a logon in the night, from the usual address.
func Night(vendor string, midnight time.Time) []Report {
	return []Report{loggedOn(vendor, midnight.Add(3*time.Hour), victim, laptop(victim), "")}
}

// NewAddress is a logon from an address that the account has never used, at a usual hour.
func NewAddress(vendor string, midnight time.Time) []Report {
	return []Report{loggedOn(vendor, midnight.Add(9*time.Hour), victim, attacker, "")}
}

// ManyAccounts is one address from which many accounts log on.
func ManyAccounts(vendor string, midnight time.Time) (reports []Report) {
	morning := midnight.Add(9 * time.Hour)
	for i := range names {
		reports = append(reports, loggedOn(vendor, morning.Add(time.Duration(i)*20*time.Second), i, attacker, ""))
	}
	return reports
}

// Alert is an alert of the vendor.
func Alert(vendor string, midnight time.Time) []Report {
	if vendor != relock.Vendor {
		return nil
	}
	noon := midnight.Add(12 * time.Hour)
	return []Report{{vendor, noon, &relock.SecurityAlert{
		AlertID: "a-1", UserID: uid(victim), AlertType: "suspicious_activity", Severity: "high",
		Description: "Many devices were refused", Timestamp: noon, IPAddress: attacker,
	}}}
}
