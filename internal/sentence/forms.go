package sentence

import "github.com/accesshook/accesshook/event"

// A form is how events of a type are put: before, the user, after, the object, the
// client, end.
type form struct {
	before, after string
	object        object
	client        bool
	end           string
}

// An object is what was acted on, and what stands before its name, or in place of both.
type object struct {
	kind            kind
	before, without string
}

type kind uint8

const (
	kindComputer kind = iota + 1
	kindDevice
	kindLock
)

var (
	computer = object{kindComputer, " on ", ""}
	door     = object{kindLock, " at ", ""}
	lock     = object{kindLock, " ", " a lock"}
)

var forms = map[event.Type]form{
	event.AuthenticationSucceeded: {after: " authenticated", object: computer, client: true},
	event.AuthenticationFailed:    {before: "A logon of ", object: object{kindComputer, " to ", ""}, client: true, end: " was refused"},

	event.SessionStarted:      {after: " logged on", object: object{kindComputer, " to ", ""}, client: true},
	event.SessionEnded:        {after: " logged off", object: object{kindComputer, " ", ""}},
	event.SessionLocked:       {after: " locked", object: object{kindComputer, " ", " a session"}},
	event.SessionUnlocked:     {after: " unlocked", object: object{kindComputer, " ", " a session"}},
	event.SessionReconnected:  {after: " reconnected", object: object{kindComputer, " to ", ""}, client: true},
	event.SessionDisconnected: {after: " disconnected", object: object{kindComputer, " from ", ""}},

	event.DeviceRegistered: {after: " registered", object: object{kindDevice, " the device ", " a device"}, client: true},
	event.DeviceRevoked:    {after: " lost", object: object{kindDevice, " the device ", " a device"}, end: ", which was revoked"},

	event.SecurityAlert: {before: "Security alert about ", object: computer, client: true},

	event.LockUnlocked:   {after: " unlocked", object: lock},
	event.LockLocked:     {after: " locked", object: lock},
	event.LockCodeViewed: {after: " viewed the code of", object: lock},

	event.AccountCreated:            {before: "The account of ", after: " was created"},
	event.AccountUpdated:            {before: "The account of ", after: " was updated"},
	event.AccountDeleted:            {before: "The account of ", after: " was deleted"},
	event.AccountBlocked:            {before: "The account of ", after: " was blocked"},
	event.AccountPasswordChanged:    {before: "The password of ", after: " was changed"},
	event.AccountPasswordReset:      {before: "The password of ", after: " was reset"},
	event.AccountPasswordSet:        {before: "The password of ", after: " was set"},
	event.AccountEmailVerified:      {before: "The e-mail address of ", after: " was verified"},
	event.AccountEmailInvalidated:   {before: "The e-mail address of ", after: " is no longer verified"},
	event.AccountEmailAdded:         {before: "An e-mail address was added to the account of "},
	event.AccountEmailRemoved:       {before: "An e-mail address was removed from the account of "},
	event.AccountPhoneVerified:      {before: "The phone number of ", after: " was verified"},
	event.AccountPhoneInvalidated:   {before: "The phone number of ", after: " is no longer verified"},
	event.AccountPhoneChanged:       {before: "The phone number of ", after: " was changed"},
	event.AccountPhoneRemoved:       {before: "The phone number of ", after: " was removed"},
	event.AccountUsernameChanged:    {before: "The user name of ", after: " was changed"},
	event.AccountUIDChanged:         {before: "The user ID of ", after: " was changed"},
	event.AccountRolesAssigned:      {before: "Roles were assigned to "},
	event.AccountRolesRemoved:       {before: "Roles were removed from "},
	event.AccountRoleContextRemoved: {before: "A role context was removed from "},
	event.AccountLinked:             {before: "An identity was linked to the account of "},
	event.AccountUnlinked:           {before: "An identity was unlinked from the account of "},
	event.AccountPINSet:             {before: "The PIN of ", after: " was set"},
	event.AccountPINChanged:         {before: "The PIN of ", after: " was changed"},
	event.AccountPINReset:           {before: "The PIN of ", after: " was reset"},
	event.AccountConsentUpdated:     {before: "The consent of ", after: " was updated"},

	event.ObjectCreated: {before: "A record of ", after: " was created"},
	event.ObjectUpdated: {before: "A record of ", after: " was updated"},
	event.ObjectDeleted: {before: "A record of ", after: " was deleted"},
}
