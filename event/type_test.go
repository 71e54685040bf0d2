package event_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
)

// vocabulary is API: names may be added, never changed.
var vocabulary = []event.Type{
	"account.blocked", "account.consent_updated", "account.created", "account.deleted", "account.email_added",
	"account.email_invalidated", "account.email_removed", "account.email_verified", "account.linked",
	"account.password_changed", "account.password_reset", "account.password_set", "account.phone_changed",
	"account.phone_invalidated", "account.phone_removed", "account.phone_verified", "account.pin_changed",
	"account.pin_reset", "account.pin_set", "account.role_context_removed", "account.roles_assigned",
	"account.roles_removed", "account.uid_changed", "account.unlinked", "account.updated", "account.username_changed",
	"authentication.failed", "authentication.succeeded", "device.registered", "device.revoked", "lock.code_viewed",
	"lock.locked", "lock.unlocked", "object.created", "object.deleted", "object.updated", "security.alert",
	"session.disconnected", "session.ended", "session.locked", "session.reconnected", "session.started",
	"session.unlocked", "unknown",
}

// declared returns the values of all constants of type Type in type.go.
func declared(t *testing.T) []event.Type {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "type.go", nil, 0)
	require.NoError(t, err)
	var found []event.Type
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "Type" {
				continue
			}
			require.Len(t, spec.Values, len(spec.Names))
			for _, v := range spec.Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				require.NoError(t, err)
				found = append(found, event.Type(text))
			}
		}
	}
	return found
}

func TestTypesHasEveryConstant(t *testing.T) {
	types := event.Types()
	assert.ElementsMatch(t, declared(t), types)
	slices.Sort(types)
	assert.Len(t, slices.Compact(slices.Clone(types)), len(types), "unique")
	assert.Equal(t, vocabulary, types)
}

func TestTypesReturnsACopy(t *testing.T) {
	types := event.Types()
	types[0] = "changed"
	assert.NotContains(t, event.Types(), event.Type("changed"))
}

func TestTypesArePatterns(t *testing.T) {
	for _, typ := range event.Types() {
		got := 0
		m := event.NewMux()
		m.HandleFunc(typ, func(context.Context, *event.Event) error { got++; return nil })
		for _, other := range event.Types() {
			require.NoError(t, m.HandleEvent(t.Context(), &event.Event{Type: other}))
		}
		assert.Equal(t, 1, got, typ)
	}
}

func TestTypeOutcomeAndSeverity(t *testing.T) {
	outcomes := map[event.Type]event.Outcome{
		"authentication.failed": event.OutcomeFailure,
		"security.alert":        event.OutcomeUnknown,
		"unknown":               event.OutcomeUnknown,
	}
	severities := map[event.Type]event.Severity{
		"authentication.failed": event.SeverityMedium,
		"account.blocked":       event.SeverityMedium,
		"security.alert":        event.SeverityHigh,
	}
	for _, typ := range append(event.Types(), "door.of_my_own") {
		outcome, ok := outcomes[typ]
		if !ok {
			outcome = event.OutcomeSuccess
		}
		severity, ok := severities[typ]
		if !ok {
			severity = event.SeverityInfo
		}
		assert.Equal(t, outcome, typ.Outcome(), typ)
		assert.Equal(t, severity, typ.Severity(), typ)
	}
	assert.Equal(t, event.OutcomeUnknown, event.Type("").Outcome())
}
