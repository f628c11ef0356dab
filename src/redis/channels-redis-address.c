/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-redis-address.h"

#include "channels-layer-bounds.h"
#include "channels-secret.h"

#include <gio/gio.h>
#include <string.h>

#define REDIS_PORT 6379
#define SENTINEL_PORT 26379

/* The URLs of redis-py, so that a Django project's settings carry over as they are:
 *
 *     redis://[[user]:password@][host][:port][/database][?db=database]
 *     rediss://…[?ssl_ca_certs=file]
 *     unix://[[user]:password@]/path[?db=database]
 *
 * and, for Sentinel, sentinel://[[user]:password@]host[:port][,host[:port]…]/master[?db=database],
 * where user and password are those of the master. An error never quotes the URL: what is out of
 * place in it may well be a password with a `/` or `@` that was not escaped. */

static const struct
{
  const char *prefix;
  ChannelsRedisAddressKind kind;
  gboolean tls;
} schemes[] = {
  { "redis://", CHANNELS_REDIS_ADDRESS_TCP, FALSE },
  { "rediss://", CHANNELS_REDIS_ADDRESS_TCP, TRUE },
  { "unix://", CHANNELS_REDIS_ADDRESS_UNIX, FALSE },
  { "sentinel://", CHANNELS_REDIS_ADDRESS_SENTINEL, FALSE },
};

static gboolean
fail (GError **error, const char *why)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "not the URL of a Redis: %s", why);
  return FALSE;
}

static void
host_free (ChannelsRedisHost *self)
{
  g_free (self->name);
  g_free (self);
}

static gboolean
parse_number (const char *text, guint minimum, guint maximum, guint *out_number)
{
  guint64 number;

  if (!g_ascii_isdigit (text[0]) ||
      !g_ascii_string_to_unsigned (text, 10, minimum, maximum, &number, NULL))
    return FALSE;

  *out_number = (guint) number;
  return TRUE;
}

static gboolean
parse_port (const char *text, guint16 *out_port, GError **error)
{
  guint port;

  if (!parse_number (text, 1, G_MAXUINT16, &port))
    return fail (error, "a port is a number from 1 to 65535");

  *out_port = (guint16) port;
  return TRUE;
}

/* Bytes of the host at the start of @text, brackets of an IPv6 address included. */
static gsize
host_length (const char *text)
{
  gsize length;

  if (text[0] != '[')
    return strspn (text, CHANNELS_LAYER_HOSTS_NAME);

  length = strspn (text + 1, CHANNELS_LAYER_HOSTS_IPV6);
  return length > 0 && text[1 + length] == ']' ? length + 2 : 0;
}

static gboolean
add_host (ChannelsRedisAddress *self, const char *text, guint16 port, GError **error)
{
  gsize length = host_length (text);
  gsize brackets = text[0] == '[' ? 1 : 0;
  ChannelsRedisHost *host;

  if (text[length] != '\0' && text[length] != ':')
    return fail (error, "a host is a name or an address, with an IPv6 address in brackets");
  if (text[length] == ':' && !parse_port (text + length + 1, &port, error))
    return FALSE;
  if (length == 0 && self->kind == CHANNELS_REDIS_ADDRESS_SENTINEL)
    return fail (error, "a Sentinel has no host");
  if (self->hosts->len >= CHANNELS_LAYER_HOSTS_SENTINELS_MAX)
    return fail (error, "it names too many Sentinels");

  host = g_new (ChannelsRedisHost, 1);
  host->name =
      length > 0 ? g_strndup (text + brackets, length - 2 * brackets) : g_strdup ("localhost");
  host->port = port;
  g_ptr_array_add (self->hosts, host);

  return TRUE;
}

static gboolean
unescape (const char *text, char **out_text, GError **error)
{
  char *plain = g_uri_unescape_string (text, NULL);

  if (plain == NULL)
    return fail (error, "an escape such as %2F is broken");

  *out_text = plain;
  return TRUE;
}

static gboolean
parse_user (ChannelsRedisAddress *self, const char *text, GError **error)
{
  const char *colon = strchr (text, ':');
  g_autoptr (ChannelsSecret) user = NULL;

  if (colon == NULL)
    return fail (error, "before an @ stand a user, a colon and a password");

  user = g_strndup (text, colon - text);
  if (user[0] != '\0' && !unescape (user, &self->user, error))
    return FALSE;
  if (colon[1] == '\0')
    return fail (error, "the password is empty");

  return unescape (colon + 1, &self->password, error);
}

static gboolean
parse_database (ChannelsRedisAddress *self, const char *text, GError **error)
{
  if (!parse_number (text, 0, G_MAXINT, &self->database))
    return fail (error, "a database is a number");

  return TRUE;
}

static gboolean
parse_query (ChannelsRedisAddress *self, const char *text, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (text, "&", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      if (g_str_has_prefix (pairs[i], "db="))
        {
          if (!parse_database (self, pairs[i] + strlen ("db="), error))
            return FALSE;
        }
      else if (g_str_has_prefix (pairs[i], "ssl_ca_certs=") && self->tls && self->ca_file == NULL)
        {
          if (!unescape (pairs[i] + strlen ("ssl_ca_certs="), &self->ca_file, error))
            return FALSE;
          if (!g_path_is_absolute (self->ca_file))
            return fail (error, "ssl_ca_certs= wants an absolute path");
        }
      else
        {
          return fail (error, "behind a ? there may be db= and, for rediss:, ssl_ca_certs=");
        }
    }

  return TRUE;
}

static gboolean
parse_hosts (ChannelsRedisAddress *self, const char *text, GError **error)
{
  g_auto (GStrv) hosts = g_strsplit (text, ",", -1);

  if (self->kind == CHANNELS_REDIS_ADDRESS_TCP)
    return add_host (self, text, REDIS_PORT, error);

  if (self->kind == CHANNELS_REDIS_ADDRESS_UNIX)
    return text[0] == '\0' || fail (error, "unix: is followed by an absolute path");

  if (hosts[0] == NULL)
    return fail (error, "sentinel: is followed by hosts");

  for (guint i = 0; hosts[i] != NULL; i++)
    {
      if (!add_host (self, hosts[i], SENTINEL_PORT, error))
        return FALSE;
    }

  return TRUE;
}

/* @text is empty, or begins with a slash. */
static gboolean
parse_path (ChannelsRedisAddress *self, const char *text, GError **error)
{
  gsize length = strlen (text);

  switch (self->kind)
    {
    case CHANNELS_REDIS_ADDRESS_TCP:
      return length <= 1 || parse_database (self, text + 1, error);

    case CHANNELS_REDIS_ADDRESS_UNIX:
      if (length <= 1)
        return fail (error, "unix: is followed by an absolute path");
      return unescape (text, &self->path, error);

    case CHANNELS_REDIS_ADDRESS_SENTINEL:
      if (length <= 1 || strspn (text + 1, CHANNELS_LAYER_HOSTS_NAME) != length - 1)
        return fail (error, "behind the Sentinels stands the name of a master");
      self->master_name = g_strdup (text + 1);
      return TRUE;

    default:
      g_return_val_if_reached (FALSE);
    }
}

/* The part between scheme and path: the last @ ends the user, as an unescaped one in a password
 * would want. */
static gboolean
parse_authority (ChannelsRedisAddress *self, const char *text, GError **error)
{
  const char *at = strrchr (text, '@');
  g_autoptr (ChannelsSecret) user = NULL;

  if (at == NULL)
    return parse_hosts (self, text, error);

  user = g_strndup (text, at - text);
  return parse_user (self, user, error) && parse_hosts (self, at + 1, error);
}

static gboolean
parse_rest (ChannelsRedisAddress *self, const char *rest, GError **error)
{
  gsize authority_length = strcspn (rest, "/?");
  const char *path = rest + authority_length;
  gsize path_length = strcspn (path, "?");
  g_autoptr (ChannelsSecret) authority = g_strndup (rest, authority_length);
  g_autofree char *path_only = g_strndup (path, path_length);

  return parse_authority (self, authority, error) && parse_path (self, path_only, error) &&
         (path[path_length] == '\0' || parse_query (self, path + path_length + 1, error));
}

static char *
make_display (const ChannelsRedisAddress *self, const char *scheme)
{
  GString *display = g_string_new (scheme);

  for (guint i = 0; i < self->hosts->len; i++)
    {
      const ChannelsRedisHost *host = g_ptr_array_index (self->hosts, i);
      gboolean ipv6 = strchr (host->name, ':') != NULL;

      g_string_append_printf (display, "%s%s%s%s:%u", i > 0 ? "," : "", ipv6 ? "[" : "", host->name,
                              ipv6 ? "]" : "", host->port);
    }

  if (self->path != NULL)
    g_string_append_uri_escaped (display, self->path, "/", FALSE);
  if (self->master_name != NULL)
    g_string_append_printf (display, "/%s", self->master_name);
  if (self->kind == CHANNELS_REDIS_ADDRESS_TCP)
    g_string_append_printf (display, "/%u", self->database);
  else if (self->database != 0)
    g_string_append_printf (display, "?db=%u", self->database);

  return g_string_free (display, FALSE);
}

/**
 * channels_redis_address_parse:
 * @url: (not nullable): a URL
 * @error: return location for a `GError`, or `NULL`
 *
 * Reads the URL of a Redis. Names are resolved, and files opened, when it is connected to.
 *
 * Fails with `G_IO_ERROR_INVALID_ARGUMENT`; the message repeats nothing of @url.
 *
 * Returns: (transfer full): an address, or `NULL` with @error set
 */
ChannelsRedisAddress *
channels_redis_address_parse (const char *url, GError **error)
{
  g_return_val_if_fail (url != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (strlen (url) > CHANNELS_LAYER_HOSTS_URL_MAX)
    {
      fail (error, "it is too long");
      return NULL;
    }

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (ChannelsRedisAddress) self = NULL;

      if (!g_str_has_prefix (url, schemes[i].prefix))
        continue;

      self = g_rc_box_new0 (ChannelsRedisAddress);
      self->kind = schemes[i].kind;
      self->tls = schemes[i].tls;
      self->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) host_free);
      if (!parse_rest (self, url + strlen (schemes[i].prefix), error))
        return NULL;

      self->display = make_display (self, schemes[i].prefix);
      return g_steal_pointer (&self);
    }

  fail (error, "it begins with none of redis://, rediss://, unix:// and sentinel://");
  return NULL;
}

/**
 * channels_redis_address_ref:
 * @self: an address
 *
 * Returns: (transfer full): @self, which takes one more channels_redis_address_unref()
 */
ChannelsRedisAddress *
channels_redis_address_ref (const ChannelsRedisAddress *self)
{
  return g_rc_box_acquire ((gpointer) self);
}

static void
address_clear (ChannelsRedisAddress *self)
{
  g_ptr_array_unref (self->hosts);
  g_free (self->path);
  g_free (self->master_name);
  g_free (self->user);
  channels_secret_free (self->password);
  g_free (self->ca_file);
  g_free (self->display);
}

/**
 * channels_redis_address_unref:
 * @self: (transfer full): an address
 */
void
channels_redis_address_unref (ChannelsRedisAddress *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) address_clear);
}
