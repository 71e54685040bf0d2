package ocsf

import (
	"strings"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A class is one of the schema's event classes.
type class struct {
	category     int64
	categoryName string
	uid          int64
	name         string
}

var (
	base             = &class{0, "Uncategorized", 0, "Base Event"}
	detectionFinding = &class{2, "Findings", 2004, "Detection Finding"}
	accountChange    = &class{3, iam, 3001, "Account Change"}
	authentication   = &class{3, iam, 3002, "Authentication"}
	entityManagement = &class{3, iam, 3004, "Entity Management"}
	userAccess       = &class{3, iam, 3005, "User Access Management"}
)

const iam = "Identity & Access Management"

// An activity is what an event of a class says that happened. One that the class does not
// list has the number other, and a name of ours.
type activity struct {
	class *class
	id    int64
	name  string
}

const (
	unknown = 0
	other   = 99
)

// A listed activity is one of the mapping, with its members as they are written.
type listed struct {
	activity
	members string
}

var activities = func() map[event.Type]listed {
	all := make(map[event.Type]listed, len(mapping))
	for t, a := range mapping {
		o := jsonappend.Begin(nil)
		a.write(&o)
		b, err := o.End()
		if err != nil {
			panic(err)
		}
		all[t] = listed{a, string(b[1 : len(b)-1])}
	}
	return all
}()

// write writes the members that classify an event.
func (a activity) write(o *writer) {
	o.Int("category_uid", a.class.category)
	o.Always("category_name", a.class.categoryName)
	o.Int("class_uid", a.class.uid)
	o.Always("class_name", a.class.name)
	o.Int("activity_id", a.id)
	o.Always("activity_name", a.name)
	o.Int("type_uid", a.class.uid*100+a.id)
	o.Joined("type_name", a.class.name, ": ", a.caption())
}

// mapping is what the package comment describes.
var mapping = map[event.Type]activity{
	"":            {base, unknown, "Unknown"},
	event.Unknown: {base, unknown, "Unknown"},

	event.AuthenticationSucceeded: {authentication, 1, "Logon"},
	event.AuthenticationFailed:    {authentication, 1, "Logon"},
	event.SessionStarted:          {authentication, 1, "Logon"},
	event.SessionEnded:            {authentication, 2, "Logoff"},
	event.SessionUnlocked:         {authentication, 1, "Logon"}, // of logon type Unlock
	event.SessionLocked:           {authentication, other, "Lock"},
	event.SessionReconnected:      {authentication, other, "Reconnect"},
	event.SessionDisconnected:     {authentication, other, "Disconnect"},

	event.DeviceRegistered: {entityManagement, 6, "Enroll"},
	event.DeviceRevoked:    {entityManagement, 7, "Unenroll"},
	event.LockUnlocked:     {entityManagement, other, "Unlock"},
	event.LockLocked:       {entityManagement, other, "Lock"},
	event.LockCodeViewed:   {entityManagement, 2, "Read"},
	event.ObjectCreated:    {entityManagement, 1, "Create"},
	event.ObjectUpdated:    {entityManagement, 3, "Update"},
	event.ObjectDeleted:    {entityManagement, 4, "Delete"},

	event.SecurityAlert: {detectionFinding, 1, "Create"},

	event.AccountCreated:          {accountChange, 1, "Create"},
	event.AccountPasswordChanged:  {accountChange, 3, "Password Change"},
	event.AccountPasswordSet:      {accountChange, 3, "Password Change"},
	event.AccountPasswordReset:    {accountChange, 4, "Password Reset"},
	event.AccountBlocked:          {accountChange, 5, "Disable"},
	event.AccountDeleted:          {accountChange, 6, "Delete"},
	event.AccountUpdated:          {accountChange, other, "Update"},
	event.AccountEmailVerified:    {accountChange, other, "Email Verification"},
	event.AccountEmailInvalidated: {accountChange, other, "Email Invalidation"},
	event.AccountEmailAdded:       {accountChange, other, "Email Addition"},
	event.AccountEmailRemoved:     {accountChange, other, "Email Removal"},
	event.AccountPhoneVerified:    {accountChange, other, "Phone Verification"},
	event.AccountPhoneInvalidated: {accountChange, other, "Phone Invalidation"},
	event.AccountPhoneChanged:     {accountChange, other, "Phone Change"},
	event.AccountPhoneRemoved:     {accountChange, other, "Phone Removal"},
	event.AccountUsernameChanged:  {accountChange, other, "Username Change"},
	event.AccountUIDChanged:       {accountChange, other, "UID Change"},
	event.AccountLinked:           {accountChange, other, "Link"},
	event.AccountUnlinked:         {accountChange, other, "Unlink"},
	event.AccountPINSet:           {accountChange, other, "PIN Setting"},
	event.AccountPINChanged:       {accountChange, other, "PIN Change"},
	event.AccountPINReset:         {accountChange, other, "PIN Reset"},
	event.AccountConsentUpdated:   {accountChange, other, "Consent Update"},

	event.AccountRolesAssigned:      {userAccess, 1, "Assign Privileges"},
	event.AccountRolesRemoved:       {userAccess, 2, "Revoke Privileges"},
	event.AccountRoleContextRemoved: {userAccess, 2, "Revoke Privileges"},
}

// families are the classes of types that somebody's own vendor has. Each wants no more
// than any event has.
var families = map[string]*class{
	"authentication": authentication,
	"session":        authentication,
	"account":        accountChange,
	"device":         entityManagement,
	"lock":           entityManagement,
	"object":         entityManagement,
}

// classOf returns the class of a type of somebody's own vendor.
func classOf(t event.Type) *class {
	family, _, _ := strings.Cut(string(t), ".")
	if c, ok := families[family]; ok {
		return c
	}
	return base
}

// caption is the name of a in the schema.
func (a activity) caption() string {
	if a.id == other {
		return "Other"
	}
	return a.name
}

var severities = [...]struct {
	id   int64
	name string
}{
	event.SeverityUnknown:  {unknown, "Unknown"},
	event.SeverityInfo:     {1, "Informational"},
	event.SeverityLow:      {2, "Low"},
	event.SeverityMedium:   {3, "Medium"},
	event.SeverityHigh:     {4, "High"},
	event.SeverityCritical: {5, "Critical"},
}

var outcomes = [...]struct {
	id   int64
	name string
}{
	event.OutcomeUnknown: {unknown, "Unknown"},
	event.OutcomeSuccess: {1, "Success"},
	event.OutcomeFailure: {2, "Failure"},
}
