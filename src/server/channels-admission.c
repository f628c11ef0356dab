/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-admission.h"

#include "channels-secret.h"

/* RFC 9110, 15.5.4 and 15.6.4. */
#define STATUS_FORBIDDEN 403
#define STATUS_UNAVAILABLE 503

/* The guard's rules need a request and nothing else. What comes here needs to know more: which
 * group it is for, which tickets there are, who was here before. */

static gboolean
fail (GError **error, int status, const char *sentence)
{
  g_set_error_literal (error, CHANNELS_HTTP_ERROR, status, sentence);
  return FALSE;
}

/* Whether refusals count for its origin. Only a browser tells the truth about that, and one that is
 * not on this machine is not the user's: what comes from elsewhere must not speak for a page that
 * is. An origin that is allowed is nobody who keeps trying. */
static gboolean
may_be_banned (const ChannelsVisitor *visitor)
{
  return visitor->head != NULL && visitor->stranger && !visitor->elsewhere;
}

static gboolean
spend_ticket (ChannelsAdmission *self, const ChannelsRequestHead *head, const char *group)
{
  g_autoptr (ChannelsSecret) ticket = channels_guard_take_ticket (head);

  return ticket != NULL && channels_tickets_spend (self->tickets, ticket, head->origin, group,
                                                   g_get_monotonic_time ());
}

/**
 * channels_admission_init:
 * @self: (out caller-allocates): an admission
 *
 * Starts with no ticket, and with nobody who was here before.
 */
void
channels_admission_init (ChannelsAdmission *self)
{
  self->tickets = channels_tickets_new ();
  self->origins = channels_origins_new ();
  channels_refusals_init (&self->refusals, g_get_monotonic_time ());
}

/**
 * channels_admission_clear:
 * @self: an admission
 *
 * Lets go of what it owns.
 */
void
channels_admission_clear (ChannelsAdmission *self)
{
  g_clear_pointer (&self->tickets, channels_tickets_free);
  g_clear_pointer (&self->origins, channels_origins_free);
}

/**
 * channels_admission_is_banned:
 * @self: an admission
 * @visitor: somebody at the door
 *
 * Returns: `TRUE` if it was refused so often that it is not even answered
 */
gboolean
channels_admission_is_banned (ChannelsAdmission *self, const ChannelsVisitor *visitor)
{
  return may_be_banned (visitor) &&
         channels_origins_is_banned (self->origins, visitor->head->origin, g_get_monotonic_time ());
}

/**
 * channels_admission_enter:
 * @self: an admission
 * @visitor: somebody with a request for an upgrade, which the door has let through
 * @group: where it leads
 * @out_origin: (out) (transfer full) (nullable): what its connection counts for, until
 *   channels_admission_leave(); `NULL` for our own page, and for what is no page
 * @error: return location for a `GError`, or `NULL`
 *
 * Decides whether the visitor may join @group: it has a ticket if it needs one, which is spent
 * then, and its origin has room left, which is looked at first. From elsewhere everybody needs one:
 * neither the user is known there nor, where there is no browser, the page.
 *
 * Fails in the domain `CHANNELS_HTTP_ERROR` with 503 for an origin without room, which counts as no
 * refusal and marks the visitor as crowded, and with 403 otherwise.
 *
 * Returns: `TRUE` if it may, `FALSE` with @error set otherwise
 */
gboolean
channels_admission_enter (ChannelsAdmission *self,
                          ChannelsVisitor *visitor,
                          const char *group,
                          char **out_origin,
                          GError **error)
{
  const ChannelsRequestHead *head = visitor->head;
  gboolean counts = head->origin != NULL && !visitor->own;

  visitor->crowded = counts && !channels_origins_has_room (self->origins, head->origin);
  if (visitor->crowded)
    return fail (error, STATUS_UNAVAILABLE, "this page's origin has too many connections");

  if ((visitor->elsewhere || visitor->stranger) && !spend_ticket (self, head, group))
    return fail (error, STATUS_FORBIDDEN, CHANNELS_ADMISSION_NO_TICKET);

  if (counts)
    channels_origins_enter (self->origins, head->origin);
  *out_origin = counts ? g_strdup (head->origin) : NULL;
  return TRUE;
}

/**
 * channels_admission_leave:
 * @self: an admission
 * @origin: (nullable): what channels_admission_enter() gave
 *
 * A connection has ended.
 */
void
channels_admission_leave (ChannelsAdmission *self, const char *origin)
{
  if (origin != NULL)
    channels_origins_leave (self->origins, origin);
}

/**
 * channels_admission_refuse:
 * @self: an admission
 * @visitor: somebody at the door
 * @error: why it is refused
 *
 * Tells the journal, and remembers it where it is a stranger's page in a browser of this machine.
 */
void
channels_admission_refuse (ChannelsAdmission *self,
                           const ChannelsVisitor *visitor,
                           const GError *error)
{
  gint64 now = g_get_monotonic_time ();

  if (error->code == STATUS_FORBIDDEN && may_be_banned (visitor))
    channels_origins_refuse (self->origins, visitor->head->origin, now);

  channels_refusals_log (&self->refusals, visitor, error, now);
}
