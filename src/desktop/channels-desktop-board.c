/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-desktop-board.h"

#include "channels-rate.h"

/**
 * ChannelsDesktopBoard:
 *
 * Which groups have a notification, and what waits to become one.
 *
 * A group has one: what comes later takes its place. While the desktop has not answered for it, or
 * has been given too much lately, the latest waits, and what waited before is dropped: whoever
 * comes back reads the last word, and a flood costs no more than one text a group. Where too many
 * groups have one, the oldest makes room. Time is an argument: tests need no clock.
 */
struct _ChannelsDesktopBoard
{
  GPtrArray *notes; /* (element-type ChannelsDesktopNote) (owned): the oldest first */
  ChannelsRate rate;
};

static void
note_free (gpointer data)
{
  ChannelsDesktopNote *note = data;

  g_free (note->group);
  g_free (note->token);
  g_clear_pointer (&note->latest, channels_desktop_notification_free);
  g_free (note);
}

/* Takes away a note that stands for nothing any more. */
static void
drop_if_done (ChannelsDesktopBoard *self, ChannelsDesktopNote *note)
{
  if (note->id == 0 && note->latest == NULL && !note->is_sending)
    g_ptr_array_remove (self->notes, note);
}

static void
drop_done (ChannelsDesktopBoard *self)
{
  for (guint i = self->notes->len; i > 0; i--)
    drop_if_done (self, g_ptr_array_index (self->notes, i - 1));
}

static ChannelsDesktopNote *
find_group (ChannelsDesktopBoard *self, const char *group)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      if (g_str_equal (note->group, group))
        return note;
    }

  return NULL;
}

/* Makes room for one more; one that the desktop has not answered for stays. */
static gboolean
evict (ChannelsDesktopBoard *self, guint32 *out_evicted)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      if (!note->is_sending)
        {
          *out_evicted = note->id;
          g_ptr_array_remove_index (self->notes, i);
          return TRUE;
        }
    }

  return FALSE;
}

/**
 * channels_desktop_board_new:
 * @now: µs, monotonic
 *
 * Returns: (transfer full): a board with nothing on it
 */
ChannelsDesktopBoard *
channels_desktop_board_new (gint64 now)
{
  ChannelsDesktopBoard *self = g_new0 (ChannelsDesktopBoard, 1);

  self->notes = g_ptr_array_new_with_free_func (note_free);
  channels_rate_init (&self->rate, CHANNELS_DESKTOP_RATE, CHANNELS_DESKTOP_BURST, now);

  return self;
}

/**
 * channels_desktop_board_free:
 * @self: (transfer full): a board
 */
void
channels_desktop_board_free (ChannelsDesktopBoard *self)
{
  g_ptr_array_unref (self->notes);
  g_free (self);
}

/**
 * channels_desktop_board_put:
 * @self: a board
 * @group: a group's name
 * @notification: (transfer full): what it has to say
 * @out_evicted: (out): the notification that the desktop is to close in its place; 0: none
 *
 * Has @notification wait, in the place of what waits for @group already.
 *
 * Returns: `FALSE` if there are #CHANNELS_DESKTOP_GROUPS_MAX groups for which the desktop does not
 * answer: it is dropped
 */
gboolean
channels_desktop_board_put (ChannelsDesktopBoard *self,
                            const char *group,
                            ChannelsDesktopNotification *notification,
                            guint32 *out_evicted)
{
  ChannelsDesktopNote *note = find_group (self, group);

  *out_evicted = 0;
  if (note == NULL)
    {
      if (self->notes->len == CHANNELS_DESKTOP_GROUPS_MAX && !evict (self, out_evicted))
        {
          channels_desktop_notification_free (notification);
          return FALSE;
        }

      note = g_new0 (ChannelsDesktopNote, 1);
      note->group = g_strdup (group);
      note->sent = G_MININT64;
      g_ptr_array_add (self->notes, note);
    }

  g_clear_pointer (&note->latest, channels_desktop_notification_free);
  note->latest = notification;
  return TRUE;
}

/**
 * channels_desktop_board_is_empty:
 * @self: a board
 *
 * Returns: whether nothing is shown and nothing waits
 */
gboolean
channels_desktop_board_is_empty (ChannelsDesktopBoard *self)
{
  return self->notes->len == 0;
}

/**
 * channels_desktop_board_is_waiting:
 * @self: a board
 *
 * Returns: whether something waits that the desktop is not busy with already
 */
gboolean
channels_desktop_board_is_waiting (ChannelsDesktopBoard *self)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      const ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      if (note->latest != NULL && !note->is_sending)
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_due (const ChannelsDesktopNote *note, gint64 now)
{
  return note->latest != NULL && !note->is_sending &&
         (note->sent == G_MININT64 || now - note->sent >= CHANNELS_DESKTOP_GROUP_INTERVAL);
}

/**
 * channels_desktop_board_next:
 * @self: a board
 * @now: µs, monotonic
 * @out_notification: (out) (transfer full): what the desktop is to show
 *
 * Takes the next that may be given to the desktop, if there is one; channels_desktop_board_sent()
 * says what has come of it.
 *
 * Returns: (transfer none) (nullable): its group's note, good until anything else is done with
 * @self
 */
ChannelsDesktopNote *
channels_desktop_board_next (ChannelsDesktopBoard *self,
                             gint64 now,
                             ChannelsDesktopNotification **out_notification)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      if (!is_due (note, now))
        continue;
      if (!channels_rate_take (&self->rate, now))
        break;

      *out_notification = g_steal_pointer (&note->latest);
      note->sent = now;
      note->is_sending = TRUE;
      /* Now it is the latest. */
      g_ptr_array_add (self->notes, g_ptr_array_steal_index (self->notes, i));
      return note;
    }

  return NULL;
}

/**
 * channels_desktop_board_sent:
 * @self: a board
 * @group: the group of what channels_desktop_board_next() gave
 * @id: what the desktop calls it; 0: it could not be shown
 */
void
channels_desktop_board_sent (ChannelsDesktopBoard *self, const char *group, guint32 id)
{
  ChannelsDesktopNote *note = find_group (self, group);

  g_return_if_fail (note != NULL && note->is_sending);

  note->is_sending = FALSE;
  if (id != 0)
    note->id = id;
  drop_if_done (self, note);
}

/**
 * channels_desktop_board_find:
 * @self: a board
 * @id: what the desktop calls a notification
 *
 * Returns: (transfer none) (nullable): its group's note, good until anything else is done with
 * @self
 */
ChannelsDesktopNote *
channels_desktop_board_find (ChannelsDesktopBoard *self, guint32 id)
{
  for (guint i = 0; id != 0 && i < self->notes->len; i++)
    {
      ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      if (note->id == id)
        return note;
    }

  return NULL;
}

/**
 * channels_desktop_board_closed:
 * @self: a board
 * @id: a notification that the desktop does not show any more; if it is none of ours, nothing
 * happens
 */
void
channels_desktop_board_closed (ChannelsDesktopBoard *self, guint32 id)
{
  ChannelsDesktopNote *note = channels_desktop_board_find (self, id);

  if (note == NULL)
    return;

  note->id = 0;
  g_clear_pointer (&note->token, g_free);
  drop_if_done (self, note);
}

/**
 * channels_desktop_board_forget_waiting:
 * @self: a board
 *
 * There is nobody to show it: nothing waits any more.
 */
void
channels_desktop_board_forget_waiting (ChannelsDesktopBoard *self)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      g_clear_pointer (&note->latest, channels_desktop_notification_free);
    }

  drop_done (self);
}

/**
 * channels_desktop_board_forget_shown:
 * @self: a board
 *
 * Who showed them is gone, and with them what they were called.
 */
void
channels_desktop_board_forget_shown (ChannelsDesktopBoard *self)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      ChannelsDesktopNote *note = g_ptr_array_index (self->notes, i);

      note->id = 0;
      g_clear_pointer (&note->token, g_free);
    }

  drop_done (self);
}
