package event

// ByUser is a Key for [QueueConfig] that keeps the events of one user of one
// endpoint in order: those with the same Vendor, Source and [User.Key]. Events that
// name the same user in different ways are not kept in order, nor are events
// without a user.
//
// It keeps endpoints apart on purpose: a user of one owner does not wait for events
// that another owner sends. Where all endpoints are your own, a Key that returns
// e.User.Key() keeps the order across them.
func ByUser(e *Event) string {
	if key := e.User.Key(); key != "" {
		return joinKey(e.Vendor, e.Source, key)
	}
	return ""
}

// ByLock is a Key for [QueueConfig] that keeps the events of one lock of one
// endpoint in order. A lock is known by its ID, or by its name if it has none. Events
// without a lock are not kept in order.
func ByLock(e *Event) string {
	switch l := &e.Lock; {
	case l.ID != "":
		return joinKey(e.Vendor, e.Source, "id", l.ID)
	case l.Name != "":
		return joinKey(e.Vendor, e.Source, "name", l.Name)
	}
	return ""
}
