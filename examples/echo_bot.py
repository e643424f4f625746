"""Says back what it is told with "!echo": python -m examples.echo_bot LINK TOKEN-FILE STATE-FILE"""

import asyncio
import logging
import sys
from pathlib import Path

from desktop.bot import Bot
from desktop.link.denied import Denied

_log = logging.getLogger("echo_bot")


async def main(link: str, token: str, state_file: str) -> None:
    """Run until stopped."""
    async with Bot(link, token, state=Path(state_file), name="echo bot") as bot:
        print(f"{bot.user.username} listens in {len(bot.groups)} groups", flush=True)  # noqa: T201  its one line for who started it
        async for message in bot.messages():
            said = message.text.removeprefix("!echo ").strip()
            if not message.text.startswith("!echo ") or not said:
                continue
            try:
                await message.reply(said)
            except Denied as denied:  # muted, say, or taken out of the group: others are still heard
                _log.warning("No answer to %s: %s", message.entry.seq, denied)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    link, token_file, state_file = sys.argv[1:]
    asyncio.run(main(link, Path(token_file).read_text("utf-8").strip(), state_file))
