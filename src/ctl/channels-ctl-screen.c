/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-ctl-screen.h"

#include "channels-ctl-colour.h"

#include <gio/gfiledescriptorbased.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What xterm calls them (ctlseqs): the other screen, which is gone again afterwards, and a cursor
 * that is not seen. Written over, and not cleared first, a screen does not flicker. */
#define OPEN "\033[?1049h\033[?25l"
#define CLOSE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_REST_OF_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

/* Of a terminal that does not say how large it is. */
#define DEFAULT_ROWS 24
#define DEFAULT_COLUMNS 80

/**
 * ChannelsCtlScreen:
 *
 * A terminal whose whole screen is shown anew again and again, and which is as it was afterwards.
 */
struct _ChannelsCtlScreen
{
  GOutputStream *output; /* (owned) */
  int fd;                /* (unowned): the same */
  int keys;              /* (unowned): where keys come from; -1: from nowhere */
  struct termios before; /* how those were read, if they come */
  gboolean colour;
};

static int
get_terminal (gpointer stream)
{
  int fd = G_IS_FILE_DESCRIPTOR_BASED (stream)
               ? g_file_descriptor_based_get_fd (G_FILE_DESCRIPTOR_BASED (stream))
               : -1;

  return fd >= 0 && isatty (fd) ? fd : -1;
}

/* Keys come one by one, and are not shown; Ctrl-C is a signal as ever. Ctrl-Z is a key: the
 * terminal has to be as it was before anybody else has it. */
static void
set_keys (ChannelsCtlScreen *self)
{
  struct termios settings = self->before;

  settings.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
  settings.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr (self->keys, TCSADRAIN, &settings);
}

static void
take_keys (ChannelsCtlScreen *self, GInputStream *input)
{
  self->keys = get_terminal (input);
  if (self->keys < 0)
    return;

  if (tcgetattr (self->keys, &self->before) != 0)
    self->keys = -1;
  else
    set_keys (self);
}

static void
restore (ChannelsCtlScreen *self)
{
  g_output_stream_write_all (self->output, CLOSE, strlen (CLOSE), NULL, NULL, NULL);
  if (self->keys >= 0)
    tcsetattr (self->keys, TCSADRAIN, &self->before);
}

/**
 * channels_ctl_screen_open:
 * @input: where keys come from, if that is a terminal
 * @output: where text goes
 *
 * Returns: (transfer full) (nullable): the screen of a terminal; `NULL` if @output is none, or one
 * that cannot do this
 */
ChannelsCtlScreen *
channels_ctl_screen_open (GInputStream *input, GOutputStream *output)
{
  const char *kind = g_getenv ("TERM");
  int fd = get_terminal (output);
  ChannelsCtlScreen *self;

  if (fd < 0 || kind == NULL || *kind == '\0' || g_str_equal (kind, "dumb"))
    return NULL;

  self = g_new0 (ChannelsCtlScreen, 1);
  self->output = g_object_ref (output);
  self->fd = fd;
  self->colour = channels_ctl_colour_is_wanted (output);
  take_keys (self, input);
  g_output_stream_write_all (output, OPEN, strlen (OPEN), NULL, NULL, NULL);

  return self;
}

/**
 * channels_ctl_screen_close:
 * @self: (transfer full): a screen
 *
 * Leaves the terminal as it was.
 */
void
channels_ctl_screen_close (ChannelsCtlScreen *self)
{
  restore (self);
  g_object_unref (self->output);
  g_free (self);
}

/* As much of a line as fits. */
static char *
cut (const char *line, guint columns)
{
  const char *end = line;
  guint width = 0;

  while (*end != '\0')
    {
      gunichar c = g_utf8_get_char (end);

      width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
      if (width > columns)
        break;
      end = g_utf8_next_char (end);
    }

  return g_strndup (line, (gsize) (end - line));
}

/**
 * channels_ctl_screen_draw:
 * @self: a screen
 * @text: lines, without control characters in them
 * @n_dim: how many of the first are less important
 * @error: return location for a `GError`, or `NULL`
 *
 * Shows @text, and nothing else; what has no room is left out.
 *
 * Returns: whether it was written, with @error set otherwise
 */
gboolean
channels_ctl_screen_draw (ChannelsCtlScreen *self, const char *text, guint n_dim, GError **error)
{
  struct winsize size = { 0 };
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) frame = g_string_new (HOME);
  guint rows = DEFAULT_ROWS;
  guint columns = DEFAULT_COLUMNS;

  if (ioctl (self->fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    {
      rows = size.ws_row;
      columns = size.ws_col;
    }

  for (guint i = 0; i < rows && lines[i] != NULL && (lines[i][0] != '\0' || lines[i + 1] != NULL);
       i++)
    {
      g_autofree char *line = cut (lines[i], columns);
      g_autofree char *painted =
          channels_ctl_colour_paint (line, CHANNELS_CTL_COLOUR_DIM, self->colour && i < n_dim);

      g_string_append_printf (frame, "%s%s" CLEAR_REST_OF_LINE, i > 0 ? "\r\n" : "", painted);
    }
  g_string_append (frame, CLEAR_BELOW);

  return g_output_stream_write_all (self->output, frame->str, frame->len, NULL, NULL, error);
}

/**
 * channels_ctl_screen_reads_keys:
 * @self: a screen
 *
 * Returns: whether keys come one by one from the input it was opened with
 */
gboolean
channels_ctl_screen_reads_keys (ChannelsCtlScreen *self)
{
  return self->keys >= 0;
}

/**
 * channels_ctl_screen_take_key:
 * @self: a screen that reads keys
 * @key: one that has come
 *
 * Stops this process, and those that were started with it, where @key is the terminal's for that:
 * Ctrl-Z. The terminal is as it was until they go on, in the foreground.
 *
 * Returns: whether they did, and everything is to be drawn anew
 */
gboolean
channels_ctl_screen_take_key (ChannelsCtlScreen *self, char key)
{
  cc_t suspend = self->before.c_cc[VSUSP];

  if (suspend == _POSIX_VDISABLE || (cc_t) key != suspend)
    return FALSE;

  restore (self);
  kill (0, SIGTSTP);

  /* In the background this stops it again, before it writes into what is not its own. */
  set_keys (self);
  g_output_stream_write_all (self->output, OPEN, strlen (OPEN), NULL, NULL, NULL);
  return TRUE;
}
