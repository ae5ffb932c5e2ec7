"""The queue in files, with messages that appear whole: a worker that looks early must not find half of one."""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Writes a message under another name first; kombu's own opens it where workers look, and they may read nothing."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu names it in two ways
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        target = Path(self.data_folder_out) / name
        draft = target.with_name(f"{name}.draft")
        try:
            draft.write_text(dumps(message))
            draft.rename(target)
        except OSError as error:
            raise ChannelError(f"Cannot add file {name!r} to the queue") from error


class Transport(filesystem.Transport):
    """kombu's transport over folders, with that channel."""

    Channel = Channel
