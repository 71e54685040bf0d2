package durable

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/accesshook/accesshook/internal/jsonappend"
)

// A kind is what a stream of the store is for.
type kind int

const (
	ofEvents kind = 1 << iota
	ofDead
	ofRecords // of attempts and the like: losing one loses no event
	ofAll     = ofEvents | ofDead | ofRecords
)

func (s *Store) kind(stream string) kind {
	switch _, number, _ := strings.Cut(strings.TrimPrefix(stream, s.names.prefix), "-"); {
	case stream == s.names.dead():
		return ofDead
	case number != "" && strings.Trim(number, "0123456789") == "":
		return ofEvents
	}
	return ofRecords
}

// A refusal says why a setting of a stream must be that of a new one.
type refusal struct {
	of      kind
	mayRise bool // it is a limit, which may be higher than that of a new stream
	why     string
}

// refusals are the settings of a stream that must not differ from those of a new one, by
// the names that NATS has for them. Those that are not here are the operator's, but for
// the ones in [Store.changes].
var refusals = map[string]refusal{
	"subjects":                  {ofAll, false, "what belongs into it would not come, or something else would"},
	"subject_transform":         {ofAll, false, "its messages would have other subjects"},
	"mirror":                    {ofAll, false, "it takes no messages of its own"},
	"sources":                   {ofAll, false, "it has the messages of other streams"},
	"retention":                 {ofAll, false, "the server would delete messages by itself"},
	"discard":                   {ofAll, false, "when it is full, the server would delete what it must keep, or refuse what it must take"},
	"discard_new_per_subject":   {ofAll, false, "the server would refuse messages of the same subject"},
	"max_age":                   {ofAll, true, "the server would delete messages that nobody has finished"},
	"max_msgs":                  {ofAll, true, "the limit of a store is in bytes"},
	"max_msgs_per_subject":      {ofAll, true, "the server would refuse or delete messages of the same subject"},
	"max_msg_size":              {ofAll, true, "Config.MaxBody needs messages of that size"},
	"max_bytes":                 {ofRecords, true, "the server would delete records that are needed"},
	"storage":                   {ofAll, false, "what is in memory is lost when the servers end"},
	"persist_mode":              {ofAll, false, "the server would answer before it has stored a message"},
	"no_ack":                    {ofAll, false, "the server would not say what it has stored"},
	"sealed":                    {ofAll, false, "it takes no messages"},
	"deny_delete":               {ofDead, false, "dead letters could not be deleted"},
	"deny_purge":                {ofEvents, false, "finished events could not be deleted"},
	"allow_direct":              {ofAll, false, "servers that lag behind would answer"},
	"allow_msg_counter":         {ofAll, false, "it takes counters alone"},
	"allow_msg_schedules":       {ofAll, false, "it would have messages that are not due"},
	"subject_delete_marker_ttl": {ofAll, false, "the server would put messages of its own into it"},
	"consumer_limits":           {ofEvents | ofDead, false, "the server would delete consumers, or not create them"},
}

// refuse returns a text for each setting of a stream that would break what the store
// promises. had is the configuration of the stream, and want that of a new one.
func (s *Store) refuse(had, want jetstream.StreamConfig) (texts []string) {
	want.MaxMsgSize = int32(s.c.maxMessage()) // a new stream has no limit
	for _, d := range differences(had, want) {
		r, ok := refusals[d.setting]
		if !ok || r.of&s.kind(had.Name) == 0 || r.mayRise && !isLess(d.had, d.want) {
			continue
		}
		texts = append(texts, fmt.Sprintf("stream %s has %s: %s", had.Name, d, r.why))
	}
	return texts
}

// isLess reports whether the limit a is less than the limit b. Zero is no limit.
func isLess(a, b reflect.Value) bool {
	had, want := limit(a), limit(b)
	return had != 0 && (want == 0 || had < want)
}

// limit returns 0 for no limit, as which NATS also has -1.
func limit(v reflect.Value) int64 { return max(v.Int(), 0) }

// A difference is a setting in which two configurations differ.
type difference struct {
	setting   string // as NATS calls it
	had, want reflect.Value
}

// String returns the setting and the value that it has.
func (d difference) String() string {
	value := fmt.Sprint(d.had.Interface())
	if _, ok := d.had.Interface().(time.Duration); !ok {
		data, err := json.Marshal(d.had.Interface())
		if err != nil {
			return d.setting
		}
		value = string(data)
	}
	return d.setting + " " + jsonappend.Visible(strings.ToValidUTF8(value[:min(len(value), 128)], ""))
}

// differences returns the settings in which two configurations of one type differ.
func differences(had, want any) (all []difference) {
	h, w := reflect.ValueOf(had), reflect.ValueOf(want)
	for i := range h.NumField() {
		if d := (difference{settingOf(h.Type().Field(i)), h.Field(i), w.Field(i)}); !d.equal() {
			all = append(all, d)
		}
	}
	return all
}

// settingOf returns the name that NATS has for a field of a configuration.
func settingOf(f reflect.StructField) string {
	setting, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return setting
}

func (d difference) equal() bool {
	switch {
	case d.had.CanInt():
		return limit(d.had) == limit(d.want)
	case d.had.Kind() == reflect.Slice && d.had.Len() == 0:
		return d.want.Len() == 0
	case d.setting == "metadata":
		return maps.Equal(operatorsOnly(d.had), operatorsOnly(d.want))
	}
	return reflect.DeepEqual(d.had.Interface(), d.want.Interface())
}

// operatorsOnly returns the metadata that is neither from this package nor from the server.
func operatorsOnly(v reflect.Value) map[string]string {
	m := maps.Clone(v.Interface().(map[string]string))
	maps.DeleteFunc(m, func(key, _ string) bool {
		return strings.HasPrefix(key, "accesshook-") || strings.HasPrefix(key, "_nats.")
	})
	return m
}

// changes returns what has to change in a stream: what the caller of Connect asked for.
func (s *Store) changes(asked Config, had, want jetstream.StreamConfig) map[string]any {
	changed := make(map[string]any)
	k := s.kind(had.Name)
	if maxBytes := map[kind]int64{ofEvents: asked.MaxBytes, ofDead: asked.MaxDeadBytes}[k]; maxBytes != 0 && had.MaxBytes != want.MaxBytes {
		changed["max_bytes"] = want.MaxBytes
	}
	if k != ofRecords && asked.DedupeWindow != 0 && had.Duplicates != want.Duplicates {
		changed["duplicate_window"] = want.Duplicates
	}
	if asked.Replicas != 0 && had.Replicas != want.Replicas {
		changed["num_replicas"] = want.Replicas
	}
	return changed
}

// logKept logs which settings of the streams differ from those of new ones, and stay as
// they are.
func (s *Store) logKept(have map[string]*jetstream.StreamInfo, asked Config) {
	kept := make(map[string][]string) // streams, by setting
	for _, want := range s.streams() {
		info, ok := have[want.Name]
		if !ok {
			continue
		}
		changed := s.changes(asked, info.Config, want)
		for _, d := range differences(info.Config, want) {
			if _, ok := changed[d.setting]; !ok {
				kept[d.setting] = append(kept[d.setting], want.Name)
			}
		}
	}
	if len(kept) == 0 {
		return
	}
	var attrs []any
	for _, setting := range slices.Sorted(maps.Keys(kept)) {
		attrs = append(attrs, slog.String(setting, strings.Join(kept[setting], ",")))
	}
	s.log().LogAttrs(context.Background(), slog.LevelInfo, "durable: settings of streams differ from those of a new store, and stay as they are",
		slog.String("store", s.c.Name), slog.Group("settings", attrs...))
}

// update changes settings of a stream or a consumer. It leaves all others as they are, also
// those that the client does not know. request returns the request for a configuration.
func (s *Store) update(ctx context.Context, info, update string, changed map[string]any, request func(config any) any) error {
	var has struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := s.call(ctx, info, nil, &has); err != nil {
		return err
	}
	for setting, value := range changed {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		has.Config[setting] = data
	}
	return s.call(ctx, update, request(has.Config), &struct{}{})
}

// call sends a request of the JetStream API, and sets answer.
func (s *Store) call(ctx context.Context, subject string, request, answer any) error {
	var data []byte
	if request != nil {
		var err error
		if data, err = json.Marshal(request); err != nil {
			return err
		}
	}
	subject = apiPrefix + subject
	m, err := await(ctx, s.nc, subject, func(ctx context.Context) (*nats.Msg, error) {
		return s.nc.RequestWithContext(ctx, subject, data)
	})
	if err != nil {
		return err
	}
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &failed); err != nil {
		return err
	}
	if failed.Error != nil {
		return failed.Error
	}
	return json.Unmarshal(m.Data, answer)
}
