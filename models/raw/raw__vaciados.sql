select *
from {{ source('aforo', 'vaciados') }}
