"""What the start says to people, in English and in Russian."""

import os
import sys

HELP = """\
Py_messenger: a messenger for the local network.

  {python} messenger.py                    start the client (with no display: the relay)
  {python} messenger.py client [options]   the same, with options for the client
  {python} messenger.py relay [command]    python -m relay: run, announce, doctor; "relay --help" lists all
  {python} messenger.py doctor             say in words what keeps relay and clients apart on this network
  {python} messenger.py install            make .venv, install, and stop there
  {python} messenger.py test [options]     ruff, mypy and pytest; options go to pytest
  {python} messenger.py bench [options]    how fast it is on this machine
  {python} messenger.py --help             this page

The first start makes .venv in this folder and installs requirements.txt into it; the next ones start at once, and
install again only when the requirements have changed or a package is gone. Deleting .venv is always safe. The programs
run in this folder: relative paths start here, and .env is read from here.

Exit codes: 0 all is well, 1 a check failed, 2 unknown command, 10 Python is older than 3.11, 11 no tkinter,
12 no ensurepip, 13 the package index cannot be reached, 14 the installation failed otherwise, 130 interrupted.
Once a program runs, its own exit code is passed on.
"""

RUSSIAN = {
    HELP: """\
Py_messenger: мессенджер для локальной сети.

  {python} messenger.py                    запустить клиент (без дисплея — узел)
  {python} messenger.py client [параметры] то же самое, с параметрами клиента
  {python} messenger.py relay [команда]    python -m relay: run, announce, doctor; все: "relay --help"
  {python} messenger.py doctor             объяснить словами, что мешает клиентам найти узел
  {python} messenger.py install            создать .venv, установить пакеты и остановиться
  {python} messenger.py test [параметры]   ruff, mypy и pytest; параметры получает pytest
  {python} messenger.py bench [параметры]  измерить скорость на этой машине
  {python} messenger.py --help             эта страница

Первый запуск создаёт .venv в этой папке и устанавливает requirements.txt; следующие начинаются сразу, а пакеты
ставятся снова, только если требования изменились или пакет исчез. Папку .venv всегда можно удалить.
Программы работают в этой папке: относительные пути считаются от неё, .env читается из неё.

Коды выхода: 0 всё хорошо, 1 проверка не прошла, 2 неизвестная команда, 10 Python старее 3.11, 11 нет tkinter,
12 нет ensurepip, 13 нет связи с хранилищем пакетов, 14 установка не удалась по другой причине, 130 прервано.
Когда программа запущена, передаётся её собственный код выхода.
""",
    "Py_messenger needs Python 3.11 or newer, and this is {version} ({path}); run: {command}": (
        "Для Py_messenger нужен Python 3.11 или новее, а это {version} ({path}); выполните: {command}"
    ),
    "The window needs tkinter, which {path} does not have; run: {command}": (
        "Для окна нужен tkinter, а в {path} его нет; выполните: {command}"
    ),
    "{path} cannot make virtual environments, because its ensurepip is missing; run: {command}": (
        "{path} не может создать виртуальное окружение: в нём нет ensurepip; выполните: {command}"
    ),
    "The package index cannot be reached; connect this machine to the network (behind a proxy, set HTTPS_PROXY), then "
    "run: {command}": (
        "Нет связи с хранилищем пакетов; подключите компьютер к сети (за прокси — задайте HTTPS_PROXY) и выполните: "
        "{command}"
    ),
    "The package index's certificate is not trusted here; name your network's certificate authority and run: {command}": (
        "Сертификату хранилища пакетов здесь не доверяют; укажите удостоверяющий центр вашей сети и выполните: {command}"
    ),
    "The disk is full; free about 300 MB where {path} is, then run: {command}": (
        "Диск заполнен; освободите около 300 МБ там, где {path}, и выполните: {command}"
    ),
    "{path} cannot be written ({reason}); close Py_messenger if it runs, make the folder yours, then run: {command}": (
        "Не удаётся записать {path} ({reason}); закройте Py_messenger, если он запущен, станьте владельцем папки и "
        "выполните: {command}"
    ),
    "Python {version} on this system has no ready package of {package}; use Python 3.11, 3.12 or 3.13: {command}": (
        "Для Python {version} в этой системе нет готового пакета {package}; возьмите Python 3.11, 3.12 или 3.13: "
        "{command}"
    ),
    "The installation failed ({reason}); all that pip said is in {path}; to try again, run: {command}": (
        "Установка не удалась ({reason}); всё, что сообщил pip, записано в {path}; чтобы повторить, выполните: {command}"
    ),
    "The environment cannot be made ({reason}); to try again, run: {command}": (
        "Не удалось создать окружение ({reason}); чтобы повторить, выполните: {command}"
    ),
    '"{name}" is not a command; run: {command}': "Команды «{name}» нет; выполните: {command}",
    "{path} is not a virtual environment; move it away, then run: {command}": (
        "{path} — не виртуальное окружение; уберите его и выполните: {command}"
    ),
    "Interrupted. Nothing is lost: the next start begins again.": "Прервано. Ничего не потеряно: следующий запуск начнёт заново.",
    "No display here ({reason}): starting the relay in the foreground instead. Ctrl+C stops it.": (
        "Дисплея нет ({reason}): вместо клиента запускается узел. Ctrl+C остановит его."
    ),
    "Tests that need these will be skipped; to run them: {command}": (
        "Тесты, которым это нужно, будут пропущены; чтобы они прошли: {command}"
    ),
    "FAILED: {name}; the tests run all the same, and the exit code will be {code}.": (
        "НЕ ПРОШЛО: {name}; тесты всё равно выполняются, код выхода будет {code}."
    ),
    "DISPLAY is not set": "DISPLAY не задан",
    "nothing answers at {display}": "{display} не отвечает",
    "Another start is installing; waiting for it …": "Другой запуск устанавливает пакеты; ждём …",
    "Making the environment": "Создание окружения",
    "Installing": "Установка",
    "unpacking {count} packages": "распаковка пакетов: {count}",
    "the package index does not answer, trying again": "хранилище пакетов не отвечает, пробуем ещё раз",
    "Ready in {seconds:.0f} s.": "Готово за {seconds:.0f} с.",
    "The environment was unfinished, incomplete, moved, or made for another Python: making it anew.": (
        "Окружение недоделано, неполно, перенесено или создано для другого Python: создаётся заново."
    ),
}


def _speaks_russian() -> bool:
    try:
        "я".encode(sys.stderr.encoding or "ascii")
    except UnicodeEncodeError:  # this terminal could only show question marks
        return False
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0xFF == 0x19)
    settings = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in settings if value), "").lower().startswith("ru")


def translated(text: str) -> str:
    return RUSSIAN.get(text, text) if _speaks_russian() else text


def say(text: str) -> None:
    """Tell the person who started us; standard output stays the program's own."""
    print(text, file=sys.stderr, flush=True)
