package asim

import "github.com/accesshook/accesshook/event"

const failure = "Failure"

func resultOf(o event.Outcome) string {
	switch o {
	case event.OutcomeSuccess:
		return "Success"
	case event.OutcomeFailure:
		return failure
	default:
		return "NA"
	}
}

var severities = [...]string{
	event.SeverityInfo: "Informational", event.SeverityLow: "Low", event.SeverityMedium: "Medium",
	event.SeverityHigh: "High", event.SeverityCritical: "High",
}

// valueOf returns the value for a word, whose letter case does not count. A map has words
// in lower case.
func valueOf(word string, values map[string]string) string {
	var lower [32]byte
	if len(word) > len(lower) {
		return ""
	}
	for i := range len(word) {
		c := word[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return values[string(lower[:len(word)])]
}

// subTypes are those of UserLock's kinds of sessions.
var subTypes = map[string]string{
	"interactive": "Interactive",
	"workstation": "Interactive",
	"terminal":    "RemoteInteractive",
	"iis":         "Remote",
	"wifi_vpn":    "Remote",
	"saas":        "Remote",
}

// details are the values of EventResultDetails. The reasons are UserLock's, the one that
// Relock documents, and words that are likely.
var details = map[string]string{
	"denied_by_userlock":         "Logon violates policy",
	"denied_by_active_directory": "No such user or password",
	"device_not_trusted":         "Logon violates policy",

	"invalid_credentials": "No such user or password",
	"bad_credentials":     "No such user or password",
	"user_not_found":      "No such user",
	"unknown_user":        "No such user",
	"wrong_password":      "Incorrect password",
	"invalid_password":    "Incorrect password",
	"incorrect_password":  "Incorrect password",
	"bad_password":        "Incorrect password",
	"invalid_key":         "Incorrect key",
	"account_expired":     "Account expired",
	"password_expired":    "Password expired",
	"account_locked":      "User locked",
	"user_locked":         "User locked",
	"account_disabled":    "User disabled",
	"user_disabled":       "User disabled",
	"session_expired":     "Session expired",
}
