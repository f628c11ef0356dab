/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-redis.h"

#include "channels-ctl-django-error.h"

#include "channels-layer-bounds.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

#define DEFAULT_HOST "localhost" /* redis-py's */

/**
 * channels_ctl_redis_clear:
 * @self: a server
 */
void
channels_ctl_redis_clear (ChannelsCtlRedis *self)
{
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->sentinels, g_ptr_array_unref);
  g_clear_pointer (&self->master, g_free);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->password, g_free);
  g_clear_pointer (&self->ca_file, g_free);
}

/**
 * channels_ctl_redis_quote_host:
 * @host: a name or an address
 *
 * Returns: (transfer full) (nullable): @host as a URL has it, an IPv6 address in brackets; `NULL`
 *   where it is neither
 */
char *
channels_ctl_redis_quote_host (const char *host)
{
  g_return_val_if_fail (host != NULL, NULL);

  if (host[0] != '\0' && host[strspn (host, CHANNELS_LAYER_HOSTS_NAME)] == '\0')
    return g_strdup (host);
  if (strchr (host, ':') != NULL && host[strspn (host, CHANNELS_LAYER_HOSTS_IPV6)] == '\0')
    return g_strdup_printf ("[%s]", host);

  return NULL;
}

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

/**
 * channels_ctl_redis_has_password:
 * @self: a server
 *
 * Returns: whether its URL has a secret
 */
gboolean
channels_ctl_redis_has_password (const ChannelsCtlRedis *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return has_text (self->password);
}

static gboolean
is_tcp (const ChannelsCtlRedis *self)
{
  return self->path == NULL && self->sentinels == NULL;
}

static gboolean
check (const ChannelsCtlRedis *self, const char *name, GError **error)
{
  if (has_text (self->user) && !has_text (self->password))
    return channels_ctl_django_fail (error, name,
                                     _ ("channelsd wants a password where there is a user"));
  if (self->ca_file != NULL && !self->tls)
    return channels_ctl_django_fail (error, name, _ ("ssl_ca_certs goes with rediss://"));
  if (self->tls && !is_tcp (self))
    return channels_ctl_django_fail (error, name,
                                     _ ("TLS goes with neither Unix sockets nor Sentinel"));
  if (self->path != NULL && self->sentinels != NULL)
    return channels_ctl_django_fail (error, name,
                                     _ ("there is a Unix socket and Sentinel at once"));
  if (!is_tcp (self) && (self->host != NULL || self->port != 0))
    return channels_ctl_django_fail (error, name,
                                     _ ("there is a host beside a Unix socket or Sentinel"));

  return TRUE;
}

static void
append_user (const ChannelsCtlRedis *self, GString *url)
{
  if (!has_text (self->password))
    return;

  if (self->user != NULL)
    g_string_append_uri_escaped (url, self->user, NULL, FALSE);
  g_string_append_c (url, ':');
  g_string_append_uri_escaped (url, self->password, NULL, FALSE);
  g_string_append_c (url, '@');
}

static void
append_sentinels (const ChannelsCtlRedis *self, GString *url)
{
  for (guint i = 0; i < self->sentinels->len; i++)
    g_string_append_printf (url, "%s%s", i > 0 ? "," : "",
                            (const char *) g_ptr_array_index (self->sentinels, i));
  g_string_append_printf (url, "/%s", self->master);
}

static const char *
get_scheme (const ChannelsCtlRedis *self)
{
  if (self->path != NULL)
    return "unix://";
  if (self->sentinels != NULL)
    return "sentinel://";

  return self->tls ? "rediss://" : "redis://";
}

/**
 * channels_ctl_redis_to_url:
 * @self: a server
 * @name: of the setting that it comes from, for errors
 * @error: return location for a `GError`, or `NULL`
 *
 * Says a server as an item of `Hosts=`, without what goes without saying.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where channelsd has no such URL; the message has no
 * secret.
 *
 * Returns: (transfer full): the URL, or `NULL` with @error set
 */
char *
channels_ctl_redis_to_url (const ChannelsCtlRedis *self, const char *name, GError **error)
{
  g_autoptr (GString) url = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!check (self, name, error))
    return NULL;

  url = g_string_new (get_scheme (self));
  append_user (self, url);
  if (self->path != NULL)
    g_string_append_uri_escaped (url, self->path, "/", FALSE);
  else if (self->sentinels != NULL)
    append_sentinels (self, url);
  else
    g_string_append (url, self->host != NULL ? self->host : DEFAULT_HOST);

  if (self->port != 0)
    g_string_append_printf (url, ":%" G_GINT64_FORMAT, self->port);
  if (self->database >= 0)
    g_string_append_printf (url, "%s%" G_GINT64_FORMAT,
                            is_tcp (self) ? "/" : "?db=", self->database);
  if (self->ca_file != NULL)
    {
      g_string_append (url, "?ssl_ca_certs=");
      g_string_append_uri_escaped (url, self->ca_file, "/", FALSE);
    }

  if (url->len > CHANNELS_LAYER_HOSTS_URL_MAX)
    {
      channels_ctl_django_fail (error, name, _ ("that makes a URL of more than %d bytes"),
                                CHANNELS_LAYER_HOSTS_URL_MAX);
      return NULL;
    }

  return g_string_free (g_steal_pointer (&url), FALSE);
}
