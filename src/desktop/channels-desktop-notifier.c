/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-desktop-notifier.h"

#include "channels-desktop-board.h"
#include "channels-names.h"

/* The Desktop Notifications Specification, 1.2. */
#define NOTIFICATIONS "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"
#define CAPABILITY_ACTIONS "actions"
#define CAPABILITY_MARKUP "body-markup"
#define ACTION_DEFAULT "default" /* a click on the notification itself */
#define APPLICATION "Channels"

/* For one answer: who shows them may be started by the question. Whatever waits is bounded. */
#define ANSWER_MS 25000

/* Where nobody answers, the bus is not asked again before, in µs, unless somebody comes. */
#define RETRY_INTERVAL (10 * G_TIME_SPAN_SECOND)

typedef enum
{
  SERVER_UNKNOWN, /* whether there is one, and what it can do */
  SERVER_ASKED,
  SERVER_KNOWN,
} ServerState;

/* Who shows notifications. */
typedef struct
{
  ServerState state;
  char *owner;        /* (owned) (nullable): its unique name, while it is there */
  guint watch_id;     /* on its well-known name; 0: nobody has needed it yet */
  guint signals_id;   /* subscription; 0: it is not there */
  gboolean actions;   /* it tells of clicks */
  gboolean markup;    /* what is sent as text it reads as markup */
  gboolean is_missed; /* there is none, as far as is known, which was logged */
  gint64 asked;       /* µs, monotonic */
} Server;

/**
 * ChannelsDesktopNotifier:
 *
 * Has the desktop show notifications, one a group, and hears of clicks on them.
 *
 * It speaks `org.freedesktop.Notifications` itself. GNotification would send a text as it is, which
 * some desktops read as markup, and queue without a bound for one that does not answer. Nothing
 * here waits: a desktop that is slow, gone or restarted costs what the #ChannelsDesktopBoard holds.
 * What it was shown by another one before is forgotten, since nobody tells of clicks on it any
 * more.
 */
struct _ChannelsDesktopNotifier
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  const ChannelsDesktopNotifierFuncs *funcs;
  gpointer user_data;          /* (unowned) */
  GCancellable *cancellable;   /* (owned): for every call */
  ChannelsDesktopBoard *board; /* (owned) */
  Server server;
  guint timer_id;   /* source; 0: nothing waits for its time */
  gint64 last_used; /* µs, monotonic */
};

G_DEFINE_FINAL_TYPE (ChannelsDesktopNotifier, channels_desktop_notifier, G_TYPE_OBJECT)

static void pump (ChannelsDesktopNotifier *self);

static void
call (ChannelsDesktopNotifier *self,
      const char *name,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GAsyncReadyCallback callback,
      gpointer user_data)
{
  g_dbus_connection_call (self->connection, name, NOTIFICATIONS_PATH, NOTIFICATIONS, method,
                          arguments, G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE, ANSWER_MS,
                          self->cancellable, callback, user_data);
}

static gboolean
is_closed (ChannelsDesktopNotifier *self)
{
  return g_cancellable_is_cancelled (self->cancellable);
}

static void
touch (ChannelsDesktopNotifier *self)
{
  self->last_used = g_get_monotonic_time ();
}

/* Once, until there is one again: to have none is no mistake. */
static void
log_missing (ChannelsDesktopNotifier *self, const GError *error)
{
  if (self->server.is_missed)
    return;

  self->server.is_missed = TRUE;
  g_info ("nobody shows notifications on this desktop: %s", error->message);
}

/* One call, and for which group. */
typedef struct
{
  ChannelsDesktopNotifier *self; /* (owned) */
  char *group;                   /* (owned) */
} Call;

static void
on_notified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *given = user_data;
  g_autoptr (ChannelsDesktopNotifier) self = given->self;
  g_autofree char *group = given->group;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  guint32 id = 0;

  g_free (given);
  if (is_closed (self))
    return;

  if (reply != NULL)
    g_variant_get (reply, "(u)", &id);
  else
    g_info ("a notification for %s was not shown: %s", group, error->message);

  touch (self);
  channels_desktop_board_sent (self->board, group, id);
  pump (self);
}

/* Plain text, as @self's desktop reads it. */
static char *
make_body (ChannelsDesktopNotifier *self, const ChannelsDesktopNotification *notification)
{
  return self->server.markup ? g_markup_escape_text (notification->body, -1)
                             : g_strdup (notification->body);
}

static void
notify (ChannelsDesktopNotifier *self,
        const ChannelsDesktopNote *note,
        const ChannelsDesktopNotification *notification)
{
  g_autofree char *body = make_body (self, notification);
  GVariantBuilder actions;
  GVariantBuilder hints;
  Call *given = g_new0 (Call, 1);

  g_variant_builder_init (&actions, G_VARIANT_TYPE_STRING_ARRAY);
  /* Its label is shown nowhere: this is the notification itself. */
  if (self->server.actions && self->funcs->can_open (note->group, self->user_data))
    {
      g_variant_builder_add (&actions, "s", ACTION_DEFAULT);
      g_variant_builder_add (&actions, "s", "");
    }

  g_variant_builder_init (&hints, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&hints, "{sv}", "desktop-entry", g_variant_new_string (CHANNELS_BUS_NAME));
  g_variant_builder_add (&hints, "{sv}", "category", g_variant_new_string ("im.received"));

  given->self = g_object_ref (self);
  given->group = g_strdup (note->group);
  /* By its unique name: another one may read the text in another way. */
  call (self, self->server.owner, "Notify",
        g_variant_new ("(susssasa{sv}i)", APPLICATION, note->id, CHANNELS_BUS_NAME,
                       notification->title, body, &actions, &hints, -1),
        "(u)", on_notified, given);
}

static void
on_capabilities (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChannelsDesktopNotifier) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autofree const char **capabilities = NULL;

  if (is_closed (self))
    return;

  touch (self);
  self->server.state = SERVER_UNKNOWN;
  /* The bus tells of a name before what its owner sends; one that is gone again has none. */
  if (reply == NULL || self->server.owner == NULL)
    {
      if (reply == NULL)
        log_missing (self, error);
      channels_desktop_board_forget_waiting (self->board);
      return;
    }

  g_variant_get (reply, "(^a&s)", &capabilities);
  self->server.actions = g_strv_contains (capabilities, CAPABILITY_ACTIONS);
  self->server.markup = g_strv_contains (capabilities, CAPABILITY_MARKUP);
  self->server.state = SERVER_KNOWN;
  self->server.is_missed = FALSE;
  pump (self);
}

static void
on_signal (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  ChannelsDesktopNotifier *self = user_data;
  ChannelsDesktopNote *note;
  const char *text;
  guint32 id;
  guint32 reason;

  if (g_str_equal (signal, "NotificationClosed") &&
      g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(uu)")))
    {
      g_variant_get (parameters, "(uu)", &id, &reason);
      if (channels_desktop_board_find (self->board, id) != NULL)
        touch (self);
      channels_desktop_board_closed (self->board, id);
      return;
    }

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(us)")))
    return;
  g_variant_get (parameters, "(u&s)", &id, &text);
  note = channels_desktop_board_find (self->board, id);
  if (note == NULL)
    return;

  if (g_str_equal (signal, "ActivationToken"))
    {
      g_free (note->token);
      note->token = g_strdup (text);
    }
  else if (g_str_equal (signal, "ActionInvoked") && g_str_equal (text, ACTION_DEFAULT))
    {
      touch (self);
      self->funcs->open (note->group, note->token, self->user_data);
    }
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
  ChannelsDesktopNotifier *self = user_data;

  self->server.owner = g_strdup (owner);
  self->server.signals_id = g_dbus_connection_signal_subscribe (
      connection, owner, NOTIFICATIONS, NULL, NOTIFICATIONS_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      on_signal, self, NULL);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  ChannelsDesktopNotifier *self = user_data;

  if (self->server.signals_id != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->server.signals_id);
  self->server.signals_id = 0;
  g_clear_pointer (&self->server.owner, g_free);
  if (self->server.state == SERVER_KNOWN)
    self->server.state = SERVER_UNKNOWN;

  touch (self);
  channels_desktop_board_forget_shown (self->board);
  pump (self);
}

/* Asks what the desktop can do, which starts who shows notifications where that can be started. */
static void
ask (ChannelsDesktopNotifier *self)
{
  if (self->server.watch_id == 0)
    self->server.watch_id = g_bus_watch_name_on_connection (self->connection, NOTIFICATIONS,
                                                            G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                            on_appeared, on_vanished, self, NULL);

  self->server.state = SERVER_ASKED;
  self->server.asked = g_get_monotonic_time ();
  call (self, NOTIFICATIONS, "GetCapabilities", NULL, "(as)", on_capabilities, g_object_ref (self));
}

static gboolean
is_worth_asking (ChannelsDesktopNotifier *self)
{
  return !self->server.is_missed || self->server.owner != NULL ||
         g_get_monotonic_time () - self->server.asked >= RETRY_INTERVAL;
}

static void
on_timer (gpointer user_data)
{
  ChannelsDesktopNotifier *self = user_data;

  self->timer_id = 0;
  pump (self);
}

/* Gives the desktop what may be given to it now. */
static void
pump (ChannelsDesktopNotifier *self)
{
  if (self->server.state == SERVER_ASKED || !channels_desktop_board_is_waiting (self->board))
    return;
  if (self->server.state == SERVER_UNKNOWN)
    {
      if (is_worth_asking (self))
        ask (self);
      else
        channels_desktop_board_forget_waiting (self->board);
      return;
    }

  while (TRUE)
    {
      g_autoptr (ChannelsDesktopNotification) next = NULL;
      ChannelsDesktopNote *note =
          channels_desktop_board_next (self->board, g_get_monotonic_time (), &next);

      if (note == NULL)
        break;
      notify (self, note, next);
    }

  if (channels_desktop_board_is_waiting (self->board) && self->timer_id == 0)
    {
      self->timer_id = g_timeout_add_once (CHANNELS_DESKTOP_GROUP_INTERVAL / 2000, on_timer, self);
      g_source_set_name_by_id (self->timer_id, "[channels] notifications");
    }
}

static void
channels_desktop_notifier_dispose (GObject *object)
{
  channels_desktop_notifier_close (CHANNELS_DESKTOP_NOTIFIER (object));

  G_OBJECT_CLASS (channels_desktop_notifier_parent_class)->dispose (object);
}

static void
channels_desktop_notifier_finalize (GObject *object)
{
  ChannelsDesktopNotifier *self = CHANNELS_DESKTOP_NOTIFIER (object);

  g_free (self->server.owner);
  channels_desktop_board_free (self->board);
  g_object_unref (self->cancellable);
  g_object_unref (self->connection);

  G_OBJECT_CLASS (channels_desktop_notifier_parent_class)->finalize (object);
}

static void
channels_desktop_notifier_class_init (ChannelsDesktopNotifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = channels_desktop_notifier_dispose;
  object_class->finalize = channels_desktop_notifier_finalize;
}

static void
channels_desktop_notifier_init (ChannelsDesktopNotifier *self)
{
  self->cancellable = g_cancellable_new ();
  self->last_used = g_get_monotonic_time ();
  self->board = channels_desktop_board_new (self->last_used);
}

/**
 * channels_desktop_notifier_new:
 * @connection: to the session bus
 * @funcs: what becomes of a click; must live as long
 * @user_data: (closure): passed to each of them, until channels_desktop_notifier_close()
 *
 * Makes no call before there is something to show.
 *
 * Returns: (transfer full): a notifier
 */
ChannelsDesktopNotifier *
channels_desktop_notifier_new (GDBusConnection *connection,
                               const ChannelsDesktopNotifierFuncs *funcs,
                               gpointer user_data)
{
  ChannelsDesktopNotifier *self;

  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), NULL);
  g_return_val_if_fail (funcs != NULL, NULL);

  self = g_object_new (CHANNELS_TYPE_DESKTOP_NOTIFIER, NULL);
  self->connection = g_object_ref (connection);
  self->funcs = funcs;
  self->user_data = user_data;

  return self;
}

/**
 * channels_desktop_notifier_show:
 * @self: a notifier that is not closed
 * @group: a group's name
 * @notification: (transfer full): what it has to say
 *
 * Has the desktop show it, soon, in the place of what it shows for @group.
 */
void
channels_desktop_notifier_show (ChannelsDesktopNotifier *self,
                                const char *group,
                                ChannelsDesktopNotification *notification)
{
  guint32 evicted;

  g_return_if_fail (CHANNELS_IS_DESKTOP_NOTIFIER (self));
  g_return_if_fail (!is_closed (self));

  touch (self);
  if (!channels_desktop_board_put (self->board, group, notification, &evicted))
    g_info ("a notification for %s was dropped: the desktop does not answer", group);
  if (evicted != 0 && self->server.owner != NULL)
    call (self, self->server.owner, "CloseNotification", g_variant_new ("(u)", evicted), "()", NULL,
          NULL);

  pump (self);
}

/**
 * channels_desktop_notifier_get_last_used:
 * @self: a notifier
 *
 * Returns: when it was last of use, in µs of the monotonic clock; `G_MAXINT64` while something is
 * shown, since only this process hears of a click on it, or waits
 */
gint64
channels_desktop_notifier_get_last_used (ChannelsDesktopNotifier *self)
{
  g_return_val_if_fail (CHANNELS_IS_DESKTOP_NOTIFIER (self), 0);

  return channels_desktop_board_is_empty (self->board) ? self->last_used : G_MAXINT64;
}

/**
 * channels_desktop_notifier_close:
 * @self: a notifier
 *
 * Shows nothing more, and hears of no more clicks. What is shown stays for whoever comes to read.
 * May be called again.
 */
void
channels_desktop_notifier_close (ChannelsDesktopNotifier *self)
{
  g_return_if_fail (CHANNELS_IS_DESKTOP_NOTIFIER (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer_id, g_source_remove);
  g_clear_handle_id (&self->server.watch_id, g_bus_unwatch_name);
  if (self->server.signals_id != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->server.signals_id);
  self->server.signals_id = 0;
}
