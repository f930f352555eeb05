import AsyncHTTPClient
import GRDB
import Hummingbird
import Subprocess
