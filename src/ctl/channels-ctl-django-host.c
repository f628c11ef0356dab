/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-django-host.h"

#include "channels-ctl-django-error.h"
#include "channels-ctl-python.h"
#include "channels-ctl-redis.h"

#include "channels-layer-bounds.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

/* One of `hosts`, in every form that channels_redis 4.0.0 to 4.3.0 takes:
 *
 *     "redis://[[user]:password@][host][:port][/database][?option=value…]", rediss://, unix://
 *     ("host", port)
 *     {"address": URL, option: value…}
 *     {"host": …, "port": …, option: value…}, {"path": …, option: value…}
 *     {"sentinels": [("host", port)…], "master_name": …, "sentinel_kwargs": {…}, option: value…}
 *
 * The options are those of redis-py's connections. What is in a URL beats what stands beside it.
 * One that says whom is spoken to, and how, is taken over or an error; of one that tunes a
 * connection of redis-py there is a note. */

typedef struct
{
  const char *name;            /* (unowned): which of `hosts` */
  ChannelsCtlSection *section; /* (unowned) */
  ChannelsCtlRedis *redis;     /* (unowned) */
} Host;

/* `hosts[0]["port"]`, as Python has it. */
static char *
option_name (const Host *self, const char *option)
{
  return g_strdup_printf ("%s[\"%s\"]", self->name, option);
}

static gboolean
get_text (const Host *self, const char *option, GVariant *value, char **field, GError **error)
{
  g_autofree char *name = option_name (self, option);
  char *text = channels_ctl_python_dup_text (value);

  if (text == NULL)
    return channels_ctl_django_fail_type (error, name, _ ("text"), value);

  g_free (*field);
  *field = text;
  return TRUE;
}

static gboolean
set_host (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);
  g_autofree char *host = NULL;
  char *quoted;

  if (!get_text (self, option, value, &host, error))
    return FALSE;
  quoted = channels_ctl_redis_quote_host (host);
  if (quoted == NULL)
    return channels_ctl_django_fail (error, name, _ ("that is not the name of a host"));

  g_free (self->redis->host);
  self->redis->host = quoted;
  return TRUE;
}

static gboolean
set_port (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  return channels_ctl_django_get_integer (value, name, 1, G_MAXUINT16, &self->redis->port, error);
}

static gboolean
set_path (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  if (!get_text (self, option, value, &self->redis->path, error))
    return FALSE;

  return (g_path_is_absolute (self->redis->path) && self->redis->path[1] != '\0') ||
         channels_ctl_django_fail (error, name, _ ("an absolute path is wanted"));
}

static gboolean
set_database (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  return channels_ctl_django_get_integer (value, name, 0, G_MAXINT, &self->redis->database, error);
}

static gboolean
set_user (Host *self, const char *option, GVariant *value, GError **error)
{
  return get_text (self, option, value, &self->redis->user, error);
}

static gboolean
set_password (Host *self, const char *option, GVariant *value, GError **error)
{
  return get_text (self, option, value, &self->redis->password, error);
}

static gboolean
is_true (GVariant *value)
{
  g_autofree char *text = channels_ctl_python_dup_text (value);

  return text != NULL ? g_ascii_strcasecmp (text, "true") == 0
                      : g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) &&
                            g_variant_get_boolean (value);
}

static gboolean
set_tls (Host *self, const char *option, GVariant *value, GError **error)
{
  self->redis->tls = self->redis->tls || is_true (value);
  return TRUE;
}

/* The classes of redis-py's connections, wherever it has them in its versions. */
static gboolean
set_connection_class (Host *self, const char *option, GVariant *value, GError **error)
{
  const char *class = channels_ctl_python_get_tagged (value, CHANNELS_CTL_PYTHON_CLASS);
  g_autofree char *name = option_name (self, option);

  if (class != NULL && g_str_has_prefix (class, "redis."))
    {
      if (g_str_has_suffix (class, ".SSLConnection"))
        self->redis->tls = TRUE;
      if (g_str_has_suffix (class, ".SSLConnection") || g_str_has_suffix (class, ".Connection") ||
          g_str_has_suffix (class, ".UnixDomainSocketConnection"))
        return TRUE;
    }

  return channels_ctl_django_fail (error, name, _ ("channelsd has no counterpart of it"));
}

static gboolean
set_ca_file (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  if (!get_text (self, option, value, &self->redis->ca_file, error))
    return FALSE;

  return g_path_is_absolute (self->redis->ca_file) ||
         channels_ctl_django_fail (error, name, _ ("an absolute path is wanted"));
}

static gboolean
check_certificate (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);
  g_autofree char *text = channels_ctl_python_dup_text (value);
  gint64 requirement;

  /* ssl.CERT_REQUIRED is 2. */
  if (text != NULL ? g_str_equal (text, "required")
                   : channels_ctl_python_get_integer (value, &requirement) && requirement == 2)
    return TRUE;

  return channels_ctl_django_fail (
      error, name,
      _ ("channelsd always checks the server's certificate; ssl_ca_certs says whom to trust"));
}

/* What redis-py does not check unless it is told to, channelsd does. */
static gboolean
note_unless_true (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  if (!is_true (value))
    channels_ctl_section_add_note (self->section, _ ("not taken over: %s"), name);

  return TRUE;
}

static gboolean
refuse (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  return channels_ctl_django_fail (error, name, _ ("channelsd has no counterpart of it"));
}

/* In a URL's query or beside it. Without `none`, `None` is as if it were not there. */
static const struct
{
  const char *name;
  gboolean none;
  gboolean (*set) (Host *self, const char *option, GVariant *value, GError **error);
} options[] = {
  { "host", FALSE, set_host },
  { "port", FALSE, set_port },
  { "path", FALSE, set_path },
  { "db", FALSE, set_database },
  { "username", FALSE, set_user },
  { "password", FALSE, set_password },
  { "ssl", FALSE, set_tls },
  { "connection_class", FALSE, set_connection_class },
  { "ssl_ca_certs", FALSE, set_ca_file },
  { "ssl_cert_reqs", TRUE, check_certificate },
  { "ssl_check_hostname", FALSE, note_unless_true },
  { "ssl_ca_data", FALSE, refuse },
  { "ssl_ca_path", FALSE, refuse },
  { "ssl_certfile", FALSE, refuse },
  { "ssl_keyfile", FALSE, refuse },
  { "credential_provider", FALSE, refuse },
};

static gboolean
set_option (Host *self, const char *option, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, option);

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      if (!g_str_equal (options[i].name, option))
        continue;

      return (!options[i].none && channels_ctl_python_is_none (value)) ||
             options[i].set (self, option, value, error);
    }

  channels_ctl_section_add_note (self->section, _ ("not taken over: %s"), name);
  return TRUE;
}

static gboolean
set_text_option (Host *self, const char *option, const char *text, GError **error)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_string (text));

  return set_option (self, option, value, error);
}

static gboolean
set_query (Host *self, const char *query, GError **error)
{
  GUriParamsIter iter;

  g_uri_params_iter_init (&iter, query, -1, "&", G_URI_PARAMS_WWW_FORM);
  while (TRUE)
    {
      g_autofree char *option = NULL;
      g_autofree char *text = NULL;
      g_autoptr (GError) query_error = NULL;

      if (!g_uri_params_iter_next (&iter, &option, &text, &query_error))
        return query_error == NULL ||
               channels_ctl_django_fail (error, self->name, _ ("that is not the URL of a Redis"));
      if (*text != '\0' && !set_text_option (self, option, text, error))
        return FALSE;
    }
}

/* As redis-py reads the path of a URL: a socket, or a database if the query has none. */
static gboolean
set_url_path (Host *self, const char *scheme, const char *path, GError **error)
{
  g_autofree char *database = NULL;

  if (g_str_equal (scheme, "unix"))
    return set_text_option (self, "path", path, error);

  database = g_strdup (*path == '/' ? path + 1 : path);
  if (g_str_has_suffix (database, "/"))
    database[strlen (database) - 1] = '\0';

  return *database == '\0' || self->redis->database >= 0 ||
         set_text_option (self, "db", database, error);
}

static gboolean
set_authority (Host *self, GUri *uri, GError **error)
{
  const char *user = g_uri_get_user (uri);
  const char *password = g_uri_get_password (uri);
  const char *host = g_uri_get_host (uri);
  int port = g_uri_get_port (uri);

  if (user != NULL && *user != '\0' && !set_text_option (self, "username", user, error))
    return FALSE;
  if (password != NULL && *password != '\0' && !set_text_option (self, "password", password, error))
    return FALSE;
  if (host != NULL && *host != '\0' && !set_text_option (self, "host", host, error))
    return FALSE;
  if (port >= 0)
    {
      g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_int64 (port));

      return set_option (self, "port", value, error);
    }

  return TRUE;
}

static gboolean
set_url (Host *self, GVariant *value, GError **error)
{
  g_autofree char *url = channels_ctl_python_dup_text (value);
  g_autoptr (GUri) uri = NULL;
  gint64 database = self->redis->database;
  const char *scheme;

  if (url == NULL)
    return channels_ctl_django_fail_type (error, self->name, _ ("the URL of a Redis"), value);

  uri = g_uri_parse (url,
                     G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_NON_DNS |
                         G_URI_FLAGS_PARSE_RELAXED,
                     NULL);
  scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  if (!g_str_equal (scheme, "redis") && !g_str_equal (scheme, "rediss") &&
      !g_str_equal (scheme, "unix"))
    return channels_ctl_django_fail (error, self->name, _ ("that is not the URL of a Redis"));
  if (g_uri_get_fragment (uri) != NULL)
    return channels_ctl_django_fail (error, self->name, _ ("a # in a password is written %%23"));

  self->redis->database = -1;
  if (g_str_equal (scheme, "rediss"))
    self->redis->tls = TRUE;
  if ((g_uri_get_query (uri) != NULL && !set_query (self, g_uri_get_query (uri), error)) ||
      !set_authority (self, uri, error) ||
      !set_url_path (self, scheme, g_uri_get_path (uri), error))
    return FALSE;

  if (self->redis->database < 0)
    self->redis->database = database;
  return TRUE;
}

static gboolean
add_sentinel (Host *self, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, "sentinels");
  g_autofree char *host = NULL;
  g_autofree char *quoted = NULL;
  g_autoptr (GVariant) port_value = NULL;
  gint64 port;

  if (channels_ctl_python_is_list (value) && g_variant_n_children (value) == 2)
    {
      g_autoptr (GVariant) host_value = channels_ctl_python_get_item (value, 0);

      port_value = channels_ctl_python_get_item (value, 1);
      host = channels_ctl_python_dup_text (host_value);
      quoted = host != NULL ? channels_ctl_redis_quote_host (host) : NULL;
    }
  if (quoted == NULL)
    return channels_ctl_django_fail (error, name, _ ("each is a pair of a host and a port"));
  if (!channels_ctl_django_get_integer (port_value, name, 1, G_MAXUINT16, &port, error))
    return FALSE;

  g_ptr_array_add (self->redis->sentinels, g_strdup_printf ("%s:%" G_GINT64_FORMAT, quoted, port));
  return TRUE;
}

static gboolean
set_sentinels (Host *self, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, "sentinels");
  gsize n = value != NULL && channels_ctl_python_is_list (value) ? g_variant_n_children (value) : 0;

  if (n < 1 || n > CHANNELS_LAYER_HOSTS_SENTINELS_MAX)
    return channels_ctl_django_fail (error, name, _ ("a list of 1 to %d is wanted"),
                                     CHANNELS_LAYER_HOSTS_SENTINELS_MAX);

  self->redis->sentinels = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = channels_ctl_python_get_item (value, i);

      if (!add_sentinel (self, item, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
set_master (Host *self, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, "master_name");

  if (!get_text (self, "master_name", value, &self->redis->master, error))
    return FALSE;

  return (self->redis->master[0] != '\0' &&
          self->redis->master[strspn (self->redis->master, CHANNELS_LAYER_HOSTS_NAME)] == '\0') ||
         channels_ctl_django_fail (error, name, _ ("letters, digits and -._ are allowed"));
}

/* channelsd speaks to Sentinels without a password, and without TLS. */
static gboolean
check_sentinel_option (GVariant *key, GVariant *value, gpointer user_data, GError **error)
{
  Host *self = user_data;
  g_autofree char *option = channels_ctl_python_dup_text (key);
  g_autofree char *name = g_strdup_printf ("%s[\"sentinel_kwargs\"][\"%s\"]", self->name,
                                           option != NULL ? option : "…");

  if (channels_ctl_python_is_none (value))
    return TRUE;
  if (option == NULL || g_str_has_prefix (option, "ssl") || g_str_equal (option, "username") ||
      g_str_equal (option, "password") || g_str_equal (option, "connection_class"))
    return channels_ctl_django_fail (error, name, _ ("channelsd has no counterpart of it"));

  channels_ctl_section_add_note (self->section, _ ("not taken over: %s"), name);
  return TRUE;
}

static gboolean
check_sentinel_options (Host *self, GVariant *value, GError **error)
{
  g_autofree char *name = option_name (self, "sentinel_kwargs");

  if (channels_ctl_python_is_none (value))
    return TRUE;
  if (!channels_ctl_python_is_dict (value))
    return channels_ctl_django_fail_type (error, name, _ ("a dictionary"), value);

  return channels_ctl_python_foreach (value, check_sentinel_option, self, error);
}

static gboolean
set_member (GVariant *key, GVariant *value, gpointer user_data, GError **error)
{
  Host *self = user_data;
  g_autofree char *option = channels_ctl_python_dup_text (key);

  if (option == NULL)
    return channels_ctl_django_fail_type (error, self->name, _ ("text"), key);

  if (g_str_equal (option, "master_name"))
    return channels_ctl_python_is_none (value) || set_master (self, value, error);
  if (g_str_equal (option, "sentinels"))
    return set_sentinels (self, value, error);
  if (g_str_equal (option, "sentinel_kwargs"))
    return check_sentinel_options (self, value, error);

  return g_str_equal (option, "address") || set_option (self, option, value, error);
}

static gboolean
set_dict (Host *self, GVariant *value, GError **error)
{
  g_autoptr (GVariant) address = channels_ctl_python_get_member (value, "address");

  if (!channels_ctl_python_foreach (value, set_member, self, error))
    return FALSE;
  if ((self->redis->master != NULL) != (self->redis->sentinels != NULL) ||
      (self->redis->master != NULL && address != NULL))
    return channels_ctl_django_fail (
        error, self->name, _ ("sentinels and master_name go together, and without an address"));

  return address == NULL || set_url (self, address, error);
}

static gboolean
set_pair (Host *self, GVariant *value, GError **error)
{
  g_autoptr (GVariant) host = NULL;
  g_autoptr (GVariant) port = NULL;

  if (g_variant_n_children (value) != 2)
    return channels_ctl_django_fail (error, self->name,
                                     _ ("a pair of a host and a port is wanted"));

  host = channels_ctl_python_get_item (value, 0);
  port = channels_ctl_python_get_item (value, 1);
  return set_option (self, "host", host, error) && set_option (self, "port", port, error);
}

/**
 * channels_ctl_django_host_to_url:
 * @value: one of `hosts`
 * @name: of it, for errors and notes
 * @section: where notes are added
 * @error: return location for a `GError`, or `NULL`
 *
 * Says a host of channels_redis as an item of `Hosts=`.
 *
 * Fails with `CHANNELS_CTL_ERROR_FAILED` where channels_redis would not take it, or channelsd could
 * not speak to it in the same way; the message has nothing that could be a password.
 *
 * Returns: (transfer full): the URL, or `NULL` with @error set
 */
char *
channels_ctl_django_host_to_url (GVariant *value,
                                 const char *name,
                                 ChannelsCtlSection *section,
                                 GError **error)
{
  g_auto (ChannelsCtlRedis) redis = { .database = -1 };
  Host host = { name, section, &redis };

  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (section != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (channels_ctl_python_is_dict (value)   ? !set_dict (&host, value, error)
      : channels_ctl_python_is_list (value) ? !set_pair (&host, value, error)
                                            : !set_url (&host, value, error))
    return NULL;

  section->secret = section->secret || channels_ctl_redis_has_password (&redis);
  return channels_ctl_redis_to_url (&redis, name, error);
}
