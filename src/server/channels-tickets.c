/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-tickets.h"

#include "channels-error.h"
#include "channels-guard.h"
#include "channels-names.h"
#include "channels-secret.h"

#include <string.h>
#include <sys/random.h>

#define RANDOM_SIZE 16 /* bytes: 128 bits */
#define DIGEST_SIZE 32 /* bytes: SHA-256 */
#define BLOCK_SIZE 64  /* bytes that SHA-256 takes at once */

/* Only the digest of a ticket is kept: whoever reads this memory, or a dump of it, has none.
 * A ticket is spent by the first who shows it while it lives, in the right place or not: one
 * that is shown in the wrong place is in the wrong hands. */

typedef struct
{
  guint8 digest[DIGEST_SIZE];
  char *owner;    /* (owned) */
  char *origin;   /* (owned) */
  char **groups;  /* (owned) none: every group */
  gint64 expires; /* µs, monotonic: the first at which it is worth nothing */
} Ticket;

struct _ChannelsTickets
{
  GPtrArray *tickets; /* (element-type Ticket) (owned) in no order */
};

static void
ticket_free (Ticket *self)
{
  g_free (self->owner);
  g_free (self->origin);
  g_strfreev (self->groups);
  g_free (self);
}

static gboolean
not_allowed (GError **error, const char *why)
{
  g_set_error_literal (error, CHANNELS_ERROR, CHANNELS_ERROR_NOT_ALLOWED, why);
  return FALSE;
}

static void
digest_ticket (const char *ticket, guint8 *out_digest)
{
  static const guint8 zeros[BLOCK_SIZE - 1];
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = DIGEST_SIZE;

  g_checksum_update (checksum, (const guchar *) ticket, CHANNELS_TICKET_LENGTH);
  g_checksum_get_digest (checksum, out_digest, &size);

  /* It keeps the last unfinished block, which is the ticket: put another in its place. */
  g_checksum_reset (checksum);
  g_checksum_update (checksum, zeros, sizeof zeros);
}

/* In a time that does not tell where they differ. */
static gboolean
digests_equal (const guint8 *a, const guint8 *b)
{
  volatile guint8 difference = 0;

  for (guint i = 0; i < DIGEST_SIZE; i++)
    difference |= a[i] ^ b[i];

  return difference == 0;
}

/* 22 characters that nobody can guess. */
static char *
make_ticket (GError **error)
{
  guint8 bytes[RANDOM_SIZE];
  char *ticket;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    {
      not_allowed (error, "the kernel gave no random bytes for a ticket");
      return NULL;
    }

  ticket = g_base64_encode (bytes, sizeof bytes);
  explicit_bzero (bytes, sizeof bytes);

  ticket[CHANNELS_TICKET_LENGTH] = '\0';
  g_strdelimit (ticket, "+", '-');
  g_strdelimit (ticket, "/", '_');

  return ticket;
}

static void
purge (ChannelsTickets *self, gint64 now)
{
  for (guint i = self->tickets->len; i > 0; i--)
    {
      const Ticket *ticket = g_ptr_array_index (self->tickets, i - 1);

      if (now >= ticket->expires)
        g_ptr_array_remove_index_fast (self->tickets, i - 1);
    }
}

static guint
count_owned (ChannelsTickets *self, const char *owner)
{
  guint n = 0;

  for (guint i = 0; i < self->tickets->len; i++)
    {
      const Ticket *ticket = g_ptr_array_index (self->tickets, i);

      if (strcmp (ticket->owner, owner) == 0)
        n++;
    }

  return n;
}

static gboolean
check_groups (const char *const *groups, GError **error)
{
  for (guint i = 0; groups != NULL && groups[i] != NULL; i++)
    {
      if (i == CHANNELS_TICKET_GROUPS_MAX)
        return not_allowed (error, "a ticket is for at most 64 groups, or for all");
      if (!channels_group_name_validate (groups[i], error))
        return FALSE;
    }

  return TRUE;
}

/**
 * channels_tickets_new:
 *
 * Returns: (transfer full): no tickets yet
 */
ChannelsTickets *
channels_tickets_new (void)
{
  ChannelsTickets *self = g_new0 (ChannelsTickets, 1);

  self->tickets = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_free);

  return self;
}

/**
 * channels_tickets_free:
 * @self: (transfer full) (nullable): tickets
 *
 * Forgets them: none can be spent any more.
 */
void
channels_tickets_free (ChannelsTickets *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->tickets);
  g_free (self);
}

/**
 * channels_tickets_mint:
 * @self: tickets
 * @owner: (not nullable): who asks, a bus name
 * @groups: (array zero-terminated=1) (nullable): the groups that it opens; none for all
 * @origin: (not nullable): the pages that it is for
 * @seconds: how long it lives, 1 to 300; 0 for 30
 * @now: µs, monotonic
 * @error: return location for a `GError`, or `NULL`
 *
 * Makes a ticket of 128 random bits, which lets one page of @origin in, once. From the first on
 * this process' memory stays hidden from others.
 *
 * Fails with `CHANNELS_ERROR_INVALID_NAME` if one of @groups is no group's name, and with
 * `CHANNELS_ERROR_NOT_ALLOWED` if @origin is none that a browser would send, @seconds are too
 * many, there are more than 64 @groups, 256 living tickets of @owner or 1,024 in all, or the
 * kernel has no random bytes.
 *
 * Returns: (transfer full): 22 characters of base64url, to be wiped after use; or `NULL` with
 * @error set
 */
char *
channels_tickets_mint (ChannelsTickets *self,
                       const char *owner,
                       const char *const *groups,
                       const char *origin,
                       guint seconds,
                       gint64 now,
                       GError **error)
{
  char *text = NULL;
  Ticket *ticket;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (owner != NULL, NULL);
  g_return_val_if_fail (origin != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  purge (self, now);

  if (seconds > CHANNELS_TICKET_SECONDS_MAX)
    not_allowed (error, "a ticket lives for at most 300 seconds");
  else if (self->tickets->len >= CHANNELS_TICKETS_MAX)
    not_allowed (error, "there are 1024 tickets already");
  else if (count_owned (self, owner) >= CHANNELS_TICKETS_PER_OWNER_MAX)
    not_allowed (error, "the caller has 256 tickets already");
  else if (channels_origin_validate (origin, error) && check_groups (groups, error))
    text = make_ticket (error);

  if (text == NULL)
    return NULL;

  if (seconds == 0)
    seconds = CHANNELS_TICKET_SECONDS_DEFAULT;

  ticket = g_new0 (Ticket, 1);
  digest_ticket (text, ticket->digest);
  ticket->owner = g_strdup (owner);
  ticket->origin = g_strdup (origin);
  ticket->groups = g_strdupv ((char **) groups);
  ticket->expires = now + (gint64) seconds * G_USEC_PER_SEC;
  g_ptr_array_add (self->tickets, ticket);

  /* It goes through the bus, whose queues are not ours to wipe. */
  channels_secret_hide_memory_for_good ();

  return text;
}

/**
 * channels_tickets_spend:
 * @self: tickets
 * @ticket: (not nullable): what a page showed
 * @origin: (nullable): the page's origin; `NULL` if none was sent, for which no ticket is
 * @group: (not nullable): the group that it wants to join
 * @now: µs, monotonic
 *
 * Spends @ticket. It is gone after that, even if @origin or @group is not what it was made for.
 *
 * Returns: `TRUE` if the page may join @group
 */
gboolean
channels_tickets_spend (ChannelsTickets *self,
                        const char *ticket,
                        const char *origin,
                        const char *group,
                        gint64 now)
{
  guint8 digest[DIGEST_SIZE];
  const Ticket *found = NULL;
  guint index = 0;
  gboolean good;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (ticket != NULL, FALSE);
  g_return_val_if_fail (group != NULL, FALSE);

  purge (self, now);
  if (strlen (ticket) != CHANNELS_TICKET_LENGTH)
    return FALSE;

  /* All are looked at, so that the time says nothing of where one stands. */
  digest_ticket (ticket, digest);
  for (guint i = 0; i < self->tickets->len; i++)
    {
      const Ticket *one = g_ptr_array_index (self->tickets, i);

      if (digests_equal (one->digest, digest))
        {
          found = one;
          index = i;
        }
    }

  if (found == NULL)
    return FALSE;

  good = g_strcmp0 (found->origin, origin) == 0 &&
         (found->groups == NULL || found->groups[0] == NULL ||
          g_strv_contains ((const char *const *) found->groups, group));
  g_ptr_array_remove_index_fast (self->tickets, index);

  return good;
}
