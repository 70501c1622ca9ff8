select *
from {{ ref('landing__capturas') }}
{%- if var('as_of') is not none %}
where capturada_en <= cast({{ quoted(var('as_of') | string) }} as timestamp)
{%- endif %}
