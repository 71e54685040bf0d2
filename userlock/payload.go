package userlock

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// A Notification is the payload of every event. Its fields are named after the columns
// of the vendor's table UserLogonEvents, which records the same events; the names on the
// wire are not public (see the package comment). Any field may be missing. Encoded, it
// has those names and the UserLock ID masked.
type Notification struct {
	// ServerID tells which server sent the notification.
	ServerID ServerID `json:"-"`
	// EventType is the code of the event as it was sent, or its name. "0" is a logoff;
	// empty means that none was sent.
	EventType event.Text `json:"EventType,omitzero"`
	// EventTime is when it happened. It is zero if none was sent. One that cannot be
	// read is in Extra.
	EventTime time.Time `json:"EventTime,omitzero"`
	// UserAccount may be DOMAIN\user. Event.User has it split, with the domain of
	// UserDomain if both have one.
	UserAccount  string `json:"UserAccount,omitzero"`
	UserDomain   string `json:"UserDomain,omitzero"`
	UserFullName string `json:"UserFullName,omitzero"`
	// ComputerName is the workstation or terminal server that was logged on to.
	ComputerName string `json:"ComputerName,omitzero"`
	// ComputerSession is the number of the terminal session.
	ComputerSession event.Text `json:"ComputerSession,omitzero"`
	// ClientName is the workstation or terminal that the user came from.
	ClientName string `json:"ClientName,omitzero"`
	// ClientAddress is an IP address, or a MAC address for Wi-Fi, as it was sent.
	ClientAddress string `json:"ClientAddress,omitzero"`
	// SessionType is the kind of session, if the vendor sends a word for it.
	SessionType event.Text `json:"SessionType,omitzero"`
	SessionID   event.Text `json:"SessionId,omitzero"`
	// SubSessionID is one more after each unlock.
	SubSessionID event.Text `json:"SubSessionId,omitzero"`
	Country      string     `json:"Country,omitzero"`
	// Status is 0 but for special cases, such as a session that was reset.
	Status event.Text `json:"Status,omitzero"`
	// LogonInfo has the details of a logon that Active Directory denied.
	LogonInfo event.Text `json:"LogonInfo,omitzero"`

	// Extra has, under the names that came: members that no field is for, values that
	// their field cannot hold, and what came for a field that a better name has filled.
	// It has no value under a name that another value is encoded as.
	Extra map[string]json.RawMessage `json:",embed"`
}

// idName is what the UserLock ID is called in an encoded Notification.
const idName = "UserLockId"

// A body is a Notification on the wire. It has no method that masks.
type body struct {
	ID string `json:"UserLockId,omitzero"`
	fields
}

type fields Notification

// MarshalJSON returns the whole body, with the UserLock ID masked.
func (n Notification) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil) }

// AppendJSON appends what MarshalJSON returns.
func (n *Notification) AppendJSON(dst []byte) ([]byte, error) {
	masked, _ := n.ServerID.MarshalText()
	return jsonbody.Append(dst, &body{string(masked), fields(*n)})
}

func init() {
	jsonappend.Trust(new(Notification))
	event.RegisterPayloads(new(Notification)) // so that event.On refuses other types of this package
}
