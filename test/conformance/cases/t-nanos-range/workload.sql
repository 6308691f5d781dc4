update t set c = '9999-01-01'
