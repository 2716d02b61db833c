from piccolo.conf.apps import AppRegistry
from piccolo.engine.sqlite import SQLiteEngine

DB = SQLiteEngine(path="lab.sqlite")
APP_REGISTRY = AppRegistry(apps=[])
