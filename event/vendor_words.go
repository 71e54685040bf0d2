package event

import "strings"

// vendorWords has the vendors' own names for the shared types, which a reader of a
// vendor's page may register by mistake. Names that are shared types as well are
// left out. A test compares it with the EventTypes of the vendor packages.
var vendorWords = []struct {
	vendor string
	typ    Type
	words  string // in lower case
}{
	{"userlock", SessionStarted, "logon 1 101 201 501"},
	{"userlock", SessionEnded, "logoff 0 100 200 500"},
	{"userlock", SessionLocked, "2"},
	{"userlock", SessionUnlocked, "unlock 3"},
	{"userlock", SessionReconnected, "reconnect reconnection 5"},
	{"userlock", SessionDisconnected, "disconnect disconnection 6"},
	{"userlock", AuthenticationFailed, "denied 4 20 104 120 204 220 420 504"},

	{"unloc", LockUnlocked, "unlocked"},
	{"unloc", LockLocked, "locked"},
	{"unloc", LockCodeViewed, "viewedcode"},

	{"relock", AuthenticationSucceeded, "authentication.success"},
	{"relock", SessionStarted, "session.created"},

	{"loginradius", AuthenticationSucceeded, "login"},
	{"loginradius", AccountCreated, "register createtraditionalaccount"},
	{"loginradius", AccountUpdated, "updateprofile"},
	{"loginradius", AccountDeleted, "deleteaccount"},
	{"loginradius", AccountBlocked, "blockaccount"},
	{"loginradius", AccountPasswordChanged, "changepassword"},
	{"loginradius", AccountPasswordReset, "resetpassword"},
	{"loginradius", AccountPasswordSet, "setpassword"},
	{"loginradius", AccountPINSet, "setpin"},
	{"loginradius", AccountPINChanged, "changepin"},
	{"loginradius", AccountPINReset, "resetpin"},
	{"loginradius", AccountEmailVerified, "emailverification"},
	{"loginradius", AccountEmailInvalidated, "invalidateemailverification"},
	{"loginradius", AccountEmailAdded, "addemail"},
	{"loginradius", AccountEmailRemoved, "removeemail"},
	{"loginradius", AccountPhoneVerified, "verifyphonenumber"},
	{"loginradius", AccountPhoneInvalidated, "invalidatephoneverification"},
	{"loginradius", AccountPhoneChanged, "updatephoneid"},
	{"loginradius", AccountPhoneRemoved, "removephoneid"},
	{"loginradius", AccountUsernameChanged, "setusername"},
	{"loginradius", AccountUIDChanged, "updateuid"},
	{"loginradius", AccountRolesAssigned, "assignroles"},
	{"loginradius", AccountRolesRemoved, "unassignroles"},
	{"loginradius", AccountRoleContextRemoved, "removerolecontext"},
	{"loginradius", AccountLinked, "linkaccount"},
	{"loginradius", AccountUnlinked, "unlinkaccount"},
	{"loginradius", AccountConsentUpdated, "consentprofileupdate"},
	{"loginradius", ObjectCreated, "createcustomobject"},
	{"loginradius", ObjectUpdated, "updatecustomobject"},
	{"loginradius", ObjectDeleted, "deletecustomobject"},
}

// lookUpWord returns whose word s is, and the type that it stands for.
func lookUpWord(s string) (vendor string, typ Type, ok bool) {
	for _, w := range vendorWords {
		for word := range strings.FieldsSeq(w.words) {
			if word == s {
				return w.vendor, w.typ, true
			}
		}
	}
	return "", "", false
}

func isVendor(s string) bool {
	for _, w := range vendorWords {
		if w.vendor == s {
			return true
		}
	}
	return false
}
