package loginradius

import (
	"maps"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// types are the events that LoginRadius documents, by the names of its dashboard in
// lower case, as they are sent.
var types = map[string]event.Type{
	"login":                    event.AuthenticationSucceeded,
	"register":                 event.AccountCreated,
	"createtraditionalaccount": event.AccountCreated,
	"updateprofile":            event.AccountUpdated,
	"deleteaccount":            event.AccountDeleted,
	"blockaccount":             event.AccountBlocked,

	"changepassword": event.AccountPasswordChanged,
	"resetpassword":  event.AccountPasswordReset,
	"setpassword":    event.AccountPasswordSet,
	"setpin":         event.AccountPINSet,
	"changepin":      event.AccountPINChanged,
	"resetpin":       event.AccountPINReset,

	"emailverification":           event.AccountEmailVerified,
	"invalidateemailverification": event.AccountEmailInvalidated,
	"addemail":                    event.AccountEmailAdded,
	"removeemail":                 event.AccountEmailRemoved,

	"verifyphonenumber":           event.AccountPhoneVerified,
	"invalidatephoneverification": event.AccountPhoneInvalidated,
	"updatephoneid":               event.AccountPhoneChanged,
	"removephoneid":               event.AccountPhoneRemoved,

	"setusername": event.AccountUsernameChanged,
	"updateuid":   event.AccountUIDChanged,

	"assignroles":       event.AccountRolesAssigned,
	"unassignroles":     event.AccountRolesRemoved,
	"removerolecontext": event.AccountRoleContextRemoved,

	"linkaccount":   event.AccountLinked,
	"unlinkaccount": event.AccountUnlinked,

	"consentprofileupdate": event.AccountConsentUpdated,

	"createcustomobject": event.ObjectCreated,
	"updatecustomobject": event.ObjectUpdated,
	"deletecustomobject": event.ObjectDeleted,
}

// typeOf takes a HookName in any letter case.
func typeOf(hookName string) event.Type {
	if t, ok := types[strings.ToLower(strings.TrimSpace(hookName))]; ok {
		return t
	}
	return event.Unknown
}

// EventTypes returns what each HookName, in lower case, is in the shared
// vocabulary: the 31 events that LoginRadius documents. Names that are not in it
// are [event.Unknown].
//
// LoginRadius sends no failed logins and no alerts of its own; blockaccount says
// that an account was blocked.
func EventTypes() map[string]event.Type { return maps.Clone(types) }
