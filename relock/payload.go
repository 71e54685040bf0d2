package relock

import (
	"encoding/json"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A Location is where Relock thinks that the client was.
type Location struct {
	Country  string `json:"country,omitzero"`  // ISO 3166-1 alpha-2 in the documentation
	City     string `json:"city,omitzero"`     //
	Timezone string `json:"timezone,omitzero"` // IANA name

	Extra map[string]json.RawMessage `json:",embed"`
}

// DeviceInfo describes a device.
type DeviceInfo struct {
	Name    string `json:"name,omitzero"`
	Type    string `json:"type,omitzero"` // "mobile", "desktop", "tablet"
	OS      string `json:"os,omitzero"`
	Browser string `json:"browser,omitzero"`

	Extra map[string]json.RawMessage `json:",embed"`
}

// Rest holds what a payload has no field for.
type Rest struct {
	// Extra has the members of data that the payload has no field for, and those
	// whose value could not be converted to their field's type.
	Extra map[string]json.RawMessage `json:",embed"`
	// Envelope has the members beside event and data, and data if it is no object.
	Envelope map[string]json.RawMessage `json:"-"`
}

// AuthenticationSucceeded is the payload of authentication.success: a device was
// verified.
type AuthenticationSucceeded struct {
	UserID    string    `json:"userId,omitzero"`
	SessionID string    `json:"sessionId,omitzero"`
	DeviceID  string    `json:"deviceId,omitzero"`
	Timestamp time.Time `json:"timestamp,omitzero"`
	IPAddress string    `json:"ipAddress,omitzero"`
	UserAgent string    `json:"userAgent,omitzero"`
	Location  Location  `json:"location,omitzero"`

	Rest
}

// AuthenticationFailed is the payload of authentication.failed: a device could
// not be verified.
type AuthenticationFailed struct {
	UserID    string    `json:"userId,omitzero"`
	SessionID string    `json:"sessionId,omitzero"`
	Timestamp time.Time `json:"timestamp,omitzero"`
	Reason    string    `json:"reason,omitzero"` // such as "device_not_trusted"
	IPAddress string    `json:"ipAddress,omitzero"`
	UserAgent string    `json:"userAgent,omitzero"`
	Location  Location  `json:"location,omitzero"`

	Rest
}

// DeviceRegistered is the payload of device.registered: a user has a new device.
type DeviceRegistered struct {
	DeviceID   string     `json:"deviceId,omitzero"`
	UserID     string     `json:"userId,omitzero"`
	DeviceInfo DeviceInfo `json:"deviceInfo,omitzero"`
	Timestamp  time.Time  `json:"timestamp,omitzero"`
	IPAddress  string     `json:"ipAddress,omitzero"`
	Location   Location   `json:"location,omitzero"`

	Rest
}

// DeviceRevoked is the payload of device.revoked: a device was removed or
// blocked.
type DeviceRevoked struct {
	DeviceID  string    `json:"deviceId,omitzero"`
	UserID    string    `json:"userId,omitzero"`
	Reason    string    `json:"reason,omitzero"` // such as "user_requested"
	Timestamp time.Time `json:"timestamp,omitzero"`
	RevokedBy string    `json:"revokedBy,omitzero"` // a user ID in the documentation

	Rest
}

// SessionCreated is the payload of session.created.
type SessionCreated struct {
	SessionID string    `json:"sessionId,omitzero"`
	UserID    string    `json:"userId,omitzero"`
	DeviceID  string    `json:"deviceId,omitzero"`
	Timestamp time.Time `json:"timestamp,omitzero"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	IPAddress string    `json:"ipAddress,omitzero"`
	UserAgent string    `json:"userAgent,omitzero"`

	Rest
}

// SessionEnded is the payload of session.ended: a user logged out, or the
// session expired.
type SessionEnded struct {
	SessionID string    `json:"sessionId,omitzero"`
	UserID    string    `json:"userId,omitzero"`
	DeviceID  string    `json:"deviceId,omitzero"`
	Timestamp time.Time `json:"timestamp,omitzero"`
	Reason    string    `json:"reason,omitzero"` // such as "user_logout"
	// Duration is in seconds. The page does not say so: it is inferred from the
	// example, 3600, and the documented session timeout of as many seconds.
	Duration int64 `json:"duration,omitzero"`

	Rest
}

// SecurityAlert is the payload of security.alert: Relock saw something
// suspicious.
type SecurityAlert struct {
	AlertID     string          `json:"alertId,omitzero"`
	UserID      string          `json:"userId,omitzero"`
	AlertType   string          `json:"alertType,omitzero"` // such as "suspicious_activity"
	Severity    string          `json:"severity,omitzero"`  // such as "high"; Event.Severity is high for a word that is not known
	Description string          `json:"description,omitzero"`
	Timestamp   time.Time       `json:"timestamp,omitzero"`
	IPAddress   string          `json:"ipAddress,omitzero"`
	Location    Location        `json:"location,omitzero"`
	Details     json.RawMessage `json:"details,omitzero"` // any JSON

	Rest
}

// Unknown is the payload of an event that this version does not know. The fields
// are those that the documented events have in common.
type Unknown struct {
	Event     string    `json:"-"` // Relock's name for it
	UserID    string    `json:"userId,omitzero"`
	SessionID string    `json:"sessionId,omitzero"`
	DeviceID  string    `json:"deviceId,omitzero"`
	Timestamp time.Time `json:"timestamp,omitzero"`
	IPAddress string    `json:"ipAddress,omitzero"`
	UserAgent string    `json:"userAgent,omitzero"`
	Location  Location  `json:"location,omitzero"`

	Rest
}

func (r *Rest) rest() *Rest { return r }

// payloads are all that there are.
var payloads = []json.Marshaler{
	new(AuthenticationSucceeded), new(AuthenticationFailed), new(DeviceRegistered), new(DeviceRevoked),
	new(SessionCreated), new(SessionEnded), new(SecurityAlert), new(Unknown),
}

func init() {
	for _, p := range payloads {
		event.RegisterPayloads(p)
		jsonappend.Trust(p)
	}
}
