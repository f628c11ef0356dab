/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the load client is told on its command line: see `load-client --help`. */
typedef struct
{
  int port;
  int publish_port; /* 0: the first tab publishes */
  char *path;       /* (owned) */
  char *protocol;   /* (owned) (nullable): WebSocket subprotocol */
  gboolean raw;     /* no WebSocket: TCP */
  gboolean binary;  /* frames */
  gboolean quick;   /* acknowledge at once: for servers that wait for it before they write more */
  GBytes *hello;    /* (owned): what each connection sends first; may be empty */
  GBytes *ready;    /* (owned): what tells that it is ready then; empty: at once */
  GBytes *prefix;   /* (owned): of a message */
  GBytes *suffix;   /* (owned) */
  GArray *pids;     /* (element-type int) (owned): the servers' processes */
  int tabs;
  int at_once; /* connections under way while connecting */
  int size;    /* bytes of a message, without prefix and suffix */
  int warm_up; /* messages */
  int messages;
  int window;  /* messages under way */
  double rate; /* messages a second; 0: as many as the window lets through */
  double seconds;
  gboolean tell;   /* print a line when the messages begin that are measured */
  double idle;     /* seconds without a message, before all others */
  double patience; /* seconds without any delivery, after which the rest is lost */
} LoadOptions;

/* Returns FALSE, with @error set, where the command line makes no sense. */
gboolean load_options_parse (LoadOptions *self, int *argc, char ***argv, GError **error);

/* One tab of channelsd's chat, with at most @window events under way. */
void load_options_init_chat (LoadOptions *self, int port, const char *path, int window);

void load_options_clear (LoadOptions *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LoadOptions, load_options_clear)

G_END_DECLS
